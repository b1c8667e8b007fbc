import type { Lane } from './lane-name.ts'
import { LaneState } from './lane.ts'
import type { Edge } from './sleepers.ts'
import { compare } from './window.ts'

/** The lanes of a run, by their names. */
export class Lanes extends Map<Lane, LaneState> {
  get acting(): number {
    let acting = 0
    for (const lane of this.values()) acting += lane.acting.size
    return acting
  }

  get asleep(): number {
    let asleep = 0
    for (const lane of this.values()) asleep += lane.asleep.size
    return asleep
  }

  get nextDue(): number | undefined {
    let next: number | undefined
    for (const { earliest } of this.values()) {
      if (earliest !== undefined && (next === undefined || earliest < next)) next = earliest
    }
    return next
  }

  /** The lane of this name, made where it is not there yet. */
  open(name: Lane): LaneState {
    let lane = this.get(name)
    if (lane === undefined) this.set(name, (lane = new LaneState()))
    return lane
  }

  /** Forgets who sleeps. */
  forgetAsleep(): void {
    for (const [name, { acting }] of this) {
      const fresh = new LaneState()
      for (const [id, sleeper] of acting) fresh.acting.set(id, sleeper)
      this.set(name, fresh)
    }
  }

  /** Forgets who sleeps, but for the `kept` earliest in the order of pages; of those answers the last. */
  forgetLatest(kept: number): Edge {
    const all: Edge[] = []
    for (const [lane, { asleep }] of this) for (const [row, { due }] of asleep) all.push({ due, lane, row })
    all.sort(compare)
    for (const { lane, row } of all.slice(kept)) this.get(lane)!.asleep.delete(row)
    return all[kept - 1]!
  }
}
