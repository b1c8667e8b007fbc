import type { Carried, CarriedSleepers, Counts, Range, Sleepers } from './messages.ts'
import type { Sleeper } from './run-state.ts'
import { NAMED } from './wanted-timers.ts'

/** Triggers named to the next execution: as many as the search attribute shows. */
const TRIGGERS_KEPT = 50

export function carry(
  sleepers: ReadonlyMap<number, Sleeper>,
  removed: Range[],
  moved: ReadonlyMap<number, Sleeper>,
  counts: Counts,
  triggers: string[],
): Carried {
  return {
    sleepers: pack(sleepers),
    removed,
    moved: [...moved].map(([id, { due, step, revision }]): Sleepers => ({ due, step, revision, rows: [[id, id]] })),
    counts,
    triggers: triggers.slice(-TRIGGERS_KEPT),
  }
}

function pack(sleepers: ReadonlyMap<number, Sleeper>): CarriedSleepers[] {
  const groups = new Map<string, [number, Sleeper][]>()
  for (const entry of sleepers) {
    const key = `${entry[1].revision} ${entry[1].step}`
    const same = groups.get(key)
    if (same === undefined) groups.set(key, [entry])
    else same.push(entry)
  }
  return [...groups.values()].map((entries) => {
    entries.sort(([a], [b]) => a - b)
    const { step, revision } = entries[0]![1]
    // Only small runs name their timers, and the names of a large one are more than a payload may hold.
    const named = sleepers.size <= NAMED && entries.some(([, sleeper]) => sleeper.name !== undefined)
    return {
      step,
      revision,
      ids: differences(entries.map(([id]) => id)),
      dues: differences(entries.map(([, sleeper]) => sleeper.due)),
      ...(named ? { names: entries.map(([, sleeper]) => sleeper.name ?? null) } : {}),
    }
  })
}

export function* unpack(groups: readonly CarriedSleepers[]): Generator<[number, Sleeper]> {
  for (const { step, revision, ids, dues, names } of groups) {
    let id = 0
    let due = 0
    for (let i = 0; i < ids.length; i += 1) {
      id += ids[i]!
      due += dues[i]!
      yield [id, { step, revision, due, name: names?.[i] ?? undefined }]
    }
  }
}

function differences(values: number[]): number[] {
  return values.map((value, i) => value - (values[i - 1] ?? 0))
}
