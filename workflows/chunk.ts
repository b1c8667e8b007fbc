import type { Sleeper } from './lane.ts'
import type { Lane } from './lane-name.ts'
import { idsOf, toRanges, type Range } from './ranges.ts'

/** One hand-out: what an activity is given but for the store's identity, and who is in it. */
export interface Chunk {
  lane: Lane
  /** Refs of the steps in it, each once. */
  steps: string[]
  /** Failed tries of each message in it; 0 where they differ. */
  tries: number
  rows: { revision: number; ids: Range[] }[]
  size: number
}

/** A chunk of sleepers of one lane. */
export function chunkOf(lane: Lane, taken: [number, Sleeper][]): Chunk {
  const byRevision = new Map<number, number[]>()
  const steps = new Set<string>()
  const tries = new Set<number>()
  for (const [id, { revision, step, tries: failed }] of taken) {
    steps.add(step)
    tries.add(failed)
    const same = byRevision.get(revision)
    if (same === undefined) byRevision.set(revision, [id])
    else same.push(id)
  }
  const rows = [...byRevision].map(([revision, ids]) => ({ revision, ids: toRanges(ids) }))
  return { lane, steps: [...steps], tries: tries.size === 1 ? [...tries][0]! : 0, rows, size: taken.length }
}

/** Two chunks of half the rows each. */
export function halvesOf({ lane, steps, tries, rows }: Chunk): Chunk[] {
  const all = rows.flatMap(({ revision, ids }) => idsOf(ids).map((id) => ({ revision, id })))
  const middle = Math.ceil(all.length / 2)
  return [all.slice(0, middle), all.slice(middle)].map((half) => {
    const revisions = [...new Set(half.map(({ revision }) => revision))]
    return {
      lane,
      steps,
      tries,
      rows: revisions.map((revision) => ({
        revision,
        ids: toRanges(half.filter((each) => each.revision === revision).map(({ id }) => id)),
      })),
      size: half.length,
    }
  })
}
