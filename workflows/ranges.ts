/** First and last row id, both included. */
export type Range = [first: number, last: number]

/** Ids in any order, without repeats, as the fewest ranges. */
export function toRanges(ids: Iterable<number>): Range[] {
  const sorted = Float64Array.from(ids).sort()
  const ranges: Range[] = []
  for (const id of sorted) {
    const open = ranges.at(-1)
    if (open !== undefined && id <= open[1] + 1) open[1] = id
    else ranges.push([id, id])
  }
  return ranges
}

/** Each id of the ranges, ends included. */
export function idsOf(ranges: readonly Range[]): number[] {
  const ids: number[] = []
  for (const [first, last] of ranges) for (let id = first; id <= last; id += 1) ids.push(id)
  return ids
}
