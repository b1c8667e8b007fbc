import type { Sleeper } from './lane.ts'
import type { Lane } from './lane-name.ts'
import type { Page } from './run-activities.ts'
import type { Sleepers } from './sleepers.ts'

/** The sleepers of a group as a signal or a result has it, by row id. */
export function* eachOf(group: Sleepers): Generator<[number, Sleeper]> {
  const { due, step, revision, names, tries = 0, why } = group
  let place = 0
  for (const [first, last] of group.rows) {
    for (let id = first; id <= last; id += 1) yield [id, { due, step, revision, tries, why, name: names?.[place++] }]
  }
}

/** The sleepers of a page. */
export function* unpack(page: Page): Generator<[Lane, number, Sleeper]> {
  for (const { lane, step, revision, ids, dues, names, tries = 0 } of page.sleepers) {
    let id = 0
    let due = 0
    for (let i = 0; i < ids.length; i += 1) {
      id += ids[i]!
      due += dues[i]!
      yield [lane, id, { step, revision, due, tries, name: names?.[i] }]
    }
  }
}
