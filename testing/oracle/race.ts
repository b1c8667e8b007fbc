import { setImmediate as turn } from 'node:timers/promises'
import type { Context } from '../../api/http/route.ts'
import { messageLane } from '../../store/ids/lane.ts'
import { storeIdentity } from '../../store/environment/store-identity.ts'
import type { PendingSignal } from '../../store/signals/pending-signals.ts'
import { RUN_LANE, type Lane } from '../../workflows/lane-name.ts'
import { toRanges } from '../../workflows/ranges.ts'
import type { StoreIdentity } from '../../workflows/store-identity.ts'
import { Caller, type Home } from './caller.ts'
import { WorkerProcess } from './process.ts'
import { answers } from './provider.ts'
import type { RowSeen } from './record.ts'

const START = Date.UTC(2030, 0, 1)
const PROCESSES = 4

interface Due {
  lane: Lane
  row: number
  revision: number
}

/**
 * One key of one definition, with processes that carry its recipient runs on as fast as they can, each whatever it finds,
 * while callers trigger, cancel and move. The clock jumps when nobody is due and nothing is under way.
 */
export class Race {
  readonly caller: Caller
  readonly told: PendingSignal[] = []
  now = START
  readonly #store: StoreIdentity
  readonly #processes: WorkerProcess[] = []
  /** 0 to 99, at random. */
  readonly #dice: () => number

  private constructor(context: Context, home: Home, dice: () => number, store: StoreIdentity) {
    this.#dice = dice
    this.#store = store
    this.caller = new Caller({
      context: { ...context, now: () => this.now },
      home,
      tell: (signals) => void this.told.push(...signals),
      punctual: false,
    })
  }

  static async open(context: Context, home: Home, dice: () => number): Promise<Race> {
    const { db } = context.store
    const race = new Race(context, home, dice, await storeIdentity(db))
    for (let i = 0; i < PROCESSES; i += 1) {
      race.#processes.push(await WorkerProcess.start(db, race.caller.account, () => race.now))
    }
    return race
  }

  /** Works until `calls` are over and nobody is pending any more. */
  async work(calls: Promise<unknown>): Promise<void> {
    const watch = { over: false }
    const ended = calls.finally(() => (watch.over = true))
    ended.catch(() => undefined)
    for (;;) {
      const wasOver = watch.over
      const sleeping = sleepingIn(await this.caller.account.seen([...this.caller.account.rows.keys()]))
      if (sleeping.length === 0 && wasOver) break
      const due = sleeping.filter((each) => each.at <= this.now)
      if (due.length > 0) await Promise.all(this.#processes.map((process) => this.#round(process, due)))
      else if (sleeping.length > 0) this.now = Math.min(...sleeping.map(({ at }) => at))
      else await turn()
    }
    await ended
  }

  /** A process takes most of who is due, and so do the others. */
  async #round(process: WorkerProcess, due: readonly Due[]): Promise<void> {
    const { workflowId } = this.caller.address('here')
    const lanes = new Map<Lane, Due[]>()
    for (const each of due) {
      if (this.#dice() >= 60) continue
      lanes.set(each.lane, [...(lanes.get(each.lane) ?? []), each])
    }
    const fate = {
      kind: 'ends',
      answers: Array.from({ length: 7 }, () => answers[this.#dice() % answers.length]!),
    } as const
    await Promise.all(
      [...lanes].map(([lane, taken]) => {
        const store = this.#store
        const rows = [...new Set(taken.map(({ revision }) => revision))].map((revision) => ({
          revision,
          ids: toRanges(taken.filter((each) => each.revision === revision).map(({ row }) => row)),
        }))
        const [name, input] =
          lane === RUN_LANE ? (['advance', { store, rows }] as const) : (['deliver', { store, lane, rows }] as const)
        return process.run(workflowId, name, input, fate).result
      }),
    )
  }
}

function sleepingIn(rows: readonly RowSeen[]): (Due & { at: number })[] {
  return rows.flatMap(({ id: row, status, due, revision, messages }) => [
    ...(status === 'waiting' ? [{ lane: RUN_LANE, row, revision, at: due! }] : []),
    ...messages
      .filter((message) => message.status === 'queued')
      .map((message) => ({
        lane: messageLane(message.channelType, message.number),
        row,
        revision: message.revision,
        at: message.leaseUntil ?? message.due!,
      })),
  ])
}
