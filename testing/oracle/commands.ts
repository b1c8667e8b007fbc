import fc from 'fast-check'
import { keys, type Where } from './caller.ts'
import { answers } from './provider.ts'
import { pick, type World } from './world.ts'

type Command = fc.AsyncCommand<World, World>

/** One kind of command: what it does with its arguments, and when it can be done at all. */
function command<Args extends unknown[]>(
  name: string,
  args: fc.Arbitrary<Args>,
  run: (world: World, ...args: Args) => Promise<void> | void,
  check: (world: World) => boolean = () => true,
): fc.Arbitrary<Command> {
  return args.map((given) => ({
    check,
    run: async (_model, world) => run(world, ...given),
    toString: () => `${name}(${given.map((each) => JSON.stringify(each)).join(', ')})`,
  }))
}

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

const n = fc.nat({ max: 7 })
const person = fc.constantFrom('ada', 'ada', 'grace', 'alan', 'edsger')
const someone = fc.uniqueArray(person, { minLength: 1, maxLength: 4 })
const anybody = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(person) },
  { weight: 2, arbitrary: someone },
  { weight: 1, arbitrary: fc.constant(null) },
)
/** Mostly where the sequence began. */
const keyed = fc.integer({ min: 0, max: 9 }).map((dice): Where => (dice === 0 ? 'elsewhere' : 'here'))
const where = fc.oneof({ weight: 6, arbitrary: keyed }, { weight: 1, arbitrary: fc.constant<Where>('without a key') })
/** What every sequence begins with: somebody to do it to, and how far they have come. */
export const beginnings = fc.record({ home: fc.constantFrom(...keys), recipients: someone, rounds: fc.nat({ max: 2 }) })
const provider = fc.array(fc.constantFrom(...answers), { minLength: 1, maxLength: 3 })
const fate = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ends' as const), answers: provider }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unheard' as const), answers: provider }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('dies' as const), after: fc.nat({ max: 10 }), answers: provider }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('hangs' as const), answers: provider }) },
)

const trigger = command(
  'trigger',
  fc.tuple(where, someone, fc.constantFrom('join' as const, 'join' as const, 'replace' as const, 'keep' as const)),
  (world, ...args) => world.caller.trigger(...args),
)
const cancel = command('cancel', fc.tuple(keyed, anybody), (world, ...args) => world.caller.cancel(...args))
const cancelTrigger = command(
  'cancelTrigger',
  fc.tuple(n, anybody),
  ({ caller }, each, whom) => caller.cancelTrigger(pick(caller.triggers, each), whom),
  (world) => world.caller.triggers.length > 0,
)
/** Of who is just being sent to. */
const cancelCaught = command(
  'cancelCaught',
  fc.tuple(n),
  (world, each) => world.caller.cancelRow(world.caught(each)),
  (world) => world.hanging.length > 0,
)
const later = fc.constantFrom(1, MINUTE, DAY, 2 * DAY)
const to = fc.constantFrom('rescheduled' as const, 'sent_now' as const)
const move = command('move', fc.tuple(keyed, anybody, to, later), (world, ...args) => world.caller.move(...args))
const cancelByHand = command(
  'cancelByHand',
  fc.tuple(n, anybody, fc.option(n)),
  (world, run, recipients, named) =>
    world.cancelByHand(run, {
      recipients,
      workflow_run_id: named === null ? null : pick(world.caller.triggers, named).workflowRunId,
    }),
  (world) => world.runs.size > 0,
)
const cancelInStore = command(
  'cancelInStore',
  fc.tuple(n, fc.boolean()),
  (world, ...args) => world.cancelInStore(...args),
  (world) => world.requested.length > 0,
)
const arrive = command(
  'arrive',
  fc.tuple(
    n,
    fc.integer({ min: 0, max: 3 }).map((dice) => dice === 0),
  ),
  (world, ...args) => world.arrive(...args),
  (world) => world.signals.underWay.length > 0,
)
const lose = command(
  'lose',
  fc.tuple(n),
  (world, each) => world.lose(each),
  (world) => world.signals.underWay.length > 0,
)
const resend = command('resend', fc.constant<[]>([]), (world) => world.resend())
const continueAsNew = command(
  'continueAsNew',
  fc.tuple(n),
  (world, run) => world.continueAsNew(run),
  (world) => world.runs.size > 0,
)
const reload = command(
  'reload',
  fc.tuple(n),
  (world, run) => world.reload(run),
  (world) => world.runs.size > 0,
)
/** Late by so much; or the runs' clock is ahead of the store's by a few milliseconds, which an activity waits for. */
const passTo = command(
  'passTo',
  fc.tuple(fc.constantFrom(-2, -1, 0, 0, 0, 1, MINUTE, DAY), fc.constantFrom(0, 0, 3)),
  (world, ...args) => world.passTo(...args),
)
/** Nothing unusual, until somebody is due again. */
const goOn = command('goOn', fc.constant<[]>([]), (world) => world.goOn())
const work = command('work', fc.tuple(n, fate), (world, ...args) => world.work(...args))
/** In the middle of an activity: just before any of its calls of the store. */
const calls = fc.nat({ max: 8 })
const workAndCancel = command(
  'workAndCancel',
  fc.tuple(n, fate, calls, keyed, anybody),
  (world, job, how, after, ...args) => world.work(job, how, { after, work: () => world.caller.cancel(...args) }),
)
const workAndMove = command(
  'workAndMove',
  fc.tuple(n, fate, calls, keyed, anybody, to, later),
  (world, job, how, after, ...args) => world.work(job, how, { after, work: () => world.caller.move(...args) }),
)
const timeOut = command(
  'timeOut',
  fc.tuple(n),
  (world, each) => world.timeOut(each),
  (world) => world.under.length > 0,
)
const answer = command(
  'answer',
  fc.tuple(n),
  (world, each) => world.answer(each),
  (world) => world.under.length > 0,
)
const kill = command(
  'kill',
  fc.tuple(n),
  (world, each) => world.kill(each),
  (world) => world.hanging.length > 0,
)
const letGo = command(
  'letGo',
  fc.tuple(n),
  (world, each) => world.letGo(each),
  (world) => world.hanging.length > 0,
)
const settle = command(
  'settle',
  fc.tuple(n),
  (world, each) => world.settle(each),
  (world) => world.done.length > 0,
)

const weights: [number, fc.Arbitrary<Command>][] = [
  [2, trigger],
  [3, arrive],
  [1, lose],
  [1, resend],
  [2, passTo],
  [1, goOn],
  [14, work],
  [5, workAndCancel],
  [4, workAndMove],
  [3, settle],
  [6, letGo],
  [4, timeOut],
  [6, answer],
  [3, kill],
  [4, cancel],
  [6, cancelCaught],
  [1, cancelTrigger],
  [3, move],
  [1, cancelByHand],
  [2, cancelInStore],
  [2, continueAsNew],
  [1, reload],
]

/** Sequences of commands; the more often a kind is wanted, the more often it is in the list. */
export function sequences(options: { maxCommands: number; replayPath?: string }) {
  const list = weights.flatMap(([weight, arbitrary]) => Array.from({ length: weight }, () => arbitrary))
  // Not mostly the shortest, as it would be by itself.
  return fc.noBias(fc.commands(list, { size: 'max', ...options }))
}
