import fc from 'fast-check'
import { wishes } from './wishes.ts'

/** Often the same, so that who was triggered is the one who is taken out or moved. */
const key = fc.constantFrom(0, 0, 0, 1, 2)
const who = fc.constantFrom<number[][]>([0], [0], [1], [0, 1])
const some = fc.option(
  who.map((list) => list),
  { freq: 2, nil: null },
)
const kind = fc.constantFrom('a' as const, 'a' as const, 'b' as const)

const come = fc.record({
  do: fc.constant('come' as const),
  key,
  who,
  kind,
  skipsDelays: fc.nat(5).map((n) => n === 0),
  conflict: fc.constantFrom('join' as const, 'join' as const, 'join' as const, 'replace' as const, 'keep' as const),
})
const cancel = fc.record({ do: fc.constant('cancel' as const), key, who: some, isChild: fc.nat(9).map((n) => n === 0) })
const move = fc.record({
  do: fc.constant('move' as const),
  key,
  who: some,
  to: fc.oneof(fc.constant('now' as const), fc.constantFrom(1, 7, 60)),
})
const post = fc.record({ do: fc.constant('post' as const), who: some, kind })
const change = fc.record({ do: fc.constant('change' as const), who })
const publish = fc.record({
  do: fc.constant('publish' as const),
  version: fc.constantFrom(0, 1, 1),
  as: fc.constantFrom(
    'active' as const,
    'active' as const,
    'active' as const,
    'active' as const,
    'active' as const,
    'inactive' as const,
    'archived' as const,
  ),
})
const prefer = fc.record({
  do: fc.constant('prefer' as const),
  who: fc.nat(1),
  wish: fc.constantFrom(...wishes),
})
const see = fc.record({ do: fc.constant('see' as const), n: fc.nat(9) })

const call = fc.oneof(
  { weight: 6, arbitrary: come },
  { weight: 3, arbitrary: cancel },
  { weight: 3, arbitrary: move },
  { weight: 3, arbitrary: post },
  { weight: 2, arbitrary: change },
  { weight: 2, arbitrary: see },
  { weight: 2, arbitrary: publish },
  { weight: 1, arbitrary: prefer },
)
export type Call = typeof call extends fc.Arbitrary<infer Value> ? Value : never
/** What may come in the middle of an activity. */
const meanwhile = fc.oneof(
  { weight: 2, arbitrary: come },
  { weight: 3, arbitrary: cancel },
  { weight: 1, arbitrary: post },
  { weight: 1, arbitrary: publish },
)

/** What may come at the very instant to which the clock went on, before anybody has done what is due. */
const late = fc.oneof(
  { weight: 3, arbitrary: post },
  { weight: 2, arbitrary: come },
  { weight: 1, arbitrary: cancel },
  { weight: 1, arbitrary: change },
)

const calls = fc.nat(30)
const work = fc.record({
  n: fc.nat(5),
  answer: fc.constantFrom('sent' as const, 'sent' as const, 'not_taken' as const, 'unknown' as const),
  /** It does all it has to do, and its run never hears of it. */
  isUnheard: fc.nat(5).map((n) => n === 0),
  /** Its process is gone after so many calls of the store. */
  dies: fc.option(calls, { freq: 4 }),
  between: fc.option(fc.record({ after: calls, call: meanwhile }), { freq: 3 }),
  whileSending: fc.option(meanwhile, { freq: 4 }),
})
export type Work = typeof work extends fc.Arbitrary<infer Value> ? Value : never

/** Something is asked, the clock goes on, signals arrive late, or a process takes up what is due; or all goes well for a while. */
const step = fc.oneof(
  { weight: 9, arbitrary: call },
  { weight: 6, arbitrary: work.map((each) => ({ do: 'work' as const, work: each })) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      late: fc.option(late, { freq: 1 }),
      to: fc.oneof(fc.constant('close' as const), fc.constant('due' as const), fc.constantFrom(1, 4, 6, 30, 700)),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('arrive' as const), n: fc.nat(5), again: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('goOn' as const), rounds: fc.integer({ min: 1, max: 2 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('continueAsNew' as const, 'reload' as const), n: fc.nat(3) }),
  },
)
export type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** What happens to one definition of many: it begins with somebody to whom something can be done. */
export const graphLives = (definitions: number) =>
  fc.noBias(
    fc.record({
      definition: fc.nat(definitions - 1),
      shared: fc.boolean(),
      first: come,
      steps: fc.array(step, { minLength: 4, maxLength: 16, size: 'max' }),
    }),
  )
