import { DueQueue } from './due-queue.ts'
import { RUN_LANE, type Lane } from './lane-name.ts'

/** A chunk that came back as it was is not handed out again at once, and ever later while nothing moves. */
const IDLE_MS = 1_000
const IDLE_MOST_MS = 30_000

export interface Sleeper {
  /** As the store has it, epoch milliseconds. */
  due: number
  /** When it is handed out, if that is later: it came back as it was a moment ago. */
  notBefore?: number
  step: string
  revision: number
  tries: number
  why?: string | undefined
  name: string | undefined
}

/** When somebody is to be handed out, epoch milliseconds by the store's clock. */
export function wakeOf({ due, notBefore = due }: Sleeper): number {
  return Math.max(due, notBefore)
}

/** What slots a lane's chunks take: recipient runs have theirs, and each channel type has its own. */
export function slotsOf(lane: Lane): string {
  return lane === RUN_LANE ? lane : lane.slice(0, lane.indexOf('/'))
}

/** One lane of a run: who sleeps in it, and who is handed out at this moment. */
export class LaneState {
  readonly asleep = new Map<number, Sleeper>()
  readonly acting = new Map<number, Sleeper>()
  /** Newer than what is acting: it sleeps so once it is handed back. */
  readonly moved = new Map<number, Sleeper>()
  /** Hand-outs in a row of which everybody came back as they were. */
  #idle = 0
  readonly #queue = new DueQueue((id, wake) => {
    const sleeper = this.asleep.get(id)
    return sleeper !== undefined && wakeOf(sleeper) === wake
  })

  get size(): number {
    return this.asleep.size + this.acting.size
  }

  get earliest(): number | undefined {
    return this.#queue.earliest()
  }

  sleep(id: number, sleeper: Sleeper): void {
    this.asleep.set(id, sleeper)
    this.#queue.add(id, wakeOf(sleeper))
  }

  /** When those of a chunk that came back at `now` are handed out at the earliest; undefined: when they are due. */
  restAfter(isIdle: boolean, now: number): number | undefined {
    this.#idle = isIdle ? this.#idle + 1 : 0
    return isIdle ? now + Math.min(IDLE_MS * 2 ** (this.#idle - 1), IDLE_MOST_MS) : undefined
  }

  /** Takes at most `most` whose instant has come, and marks them as acting. */
  take(now: number, most: number): [number, Sleeper][] {
    const taken: [number, Sleeper][] = []
    for (let id = this.#queue.first(now); id !== undefined && taken.length < most; id = this.#queue.first(now)) {
      const sleeper = this.asleep.get(id)!
      this.asleep.delete(id)
      this.acting.set(id, sleeper)
      taken.push([id, sleeper])
    }
    return taken
  }
}
