import type { BatchStep } from '../../definitions/step.ts'
import type { BatchEntry } from '../../store/batches/batch-entry.ts'
import { doorText, findOpen } from '../../store/batches/find-open.ts'
import { loadBatches } from '../../store/batches/load-batches.ts'
import { beginningOf } from '../delay/beginning.ts'
import { zoneFor } from '../delay/zone.ts'
import type { StepDeps, StepKind, StepResult, Walk } from '../kind.ts'
import { loadDigests } from './digest.ts'
import { batchKeyOf } from './key.ts'
import { newestVersions } from './newest-version.ts'
import { windowOf } from './window.ts'
import { batchFile } from './file.ts'

/**
 * Gathers the activities of a recipient. The first opens a batch and sleeps until it closes; a later one waits in it, and
 * nothing wakes it. At the close the one that opened it goes on, for all that are live. Where key or window cannot be told
 * the step is skipped. A walk that goes on for a batch already only waits for the window, from when it came here.
 */
export const batchKind: StepKind<BatchStep> = {
  type: 'batch',
  file: batchFile,
  acts: false,
  movable: false,
  targets: ({ next }) => [next],
  async enter(walks, deps) {
    const entries = walks.map((walk) => entryOf(walk, deps))
    const leading = entries.filter((entry, index) => 'closesAt' in entry && leads(walks[index]!)) as BatchEntry[]
    const isOpen = await findOpen(deps.db, leading, deps.now)
    const led = new Set<string>()
    return walks.map((walk, index): StepResult => {
      const entry = entries[index]!
      if (!('closesAt' in entry)) return entry
      if (walk.batch !== null) return { kind: 'wait', due: entry.closesAt }
      if (!leads(walk)) return { kind: 'wait', due: null, entry }
      if (isOpen(entry) || led.has(doorText(entry)) || hasPassed(walk, entry))
        return { kind: 'wait', due: null, entry: { ...entry, place: 'later' } }
      // Over at once, its window gathers nobody: who comes next leads, too.
      if (entry.closesAt <= deps.now) return { kind: 'go_on' }
      led.add(doorText(entry))
      return { kind: 'go_on', entry: { ...entry, place: 'first' } }
    })
  },
  async resume(walks, deps) {
    const waited = walks.filter(({ batch }) => batch === null)
    const batches = await loadBatches(
      deps.db,
      waited.flatMap(({ row: { batchId } }) => batchId ?? []),
    )
    const batchOf = ({ row }: Walk) => (row.batchId === null ? undefined : batches.get(row.batchId))
    const over = waited.filter((walk) => (batchOf(walk)?.closesAt ?? Infinity) <= deps.now)
    const newest = await newestVersions(over, deps.db)
    const digests = await loadDigests(
      deps.db,
      over.map((walk) => ({ definition: (newest.get(walk) ?? walk).definition, batch: batchOf(walk)! })),
    )
    const digestOf = new Map(over.map((walk, index) => [walk, digests[index]!]))
    return walks.map((walk): StepResult => {
      const batch = batchOf(walk)
      const digest = digestOf.get(walk)
      if (walk.batch !== null || batch === undefined) return { kind: 'go_on' }
      if (digest === undefined) return { kind: 'wait', due: batch.closesAt }
      const closing = { id: batch.id, revision: batch.revision, closes: true }
      const { total, seen } = digest
      if (seen === null)
        return { kind: 'end', reason: 'each of its activities was canceled', digest: { closing, seen } }
      const version = newest.get(walk)
      const decided = { text: `closes with ${total}`, data: { closed: true, total_activities: total } }
      return { kind: 'go_on', decided, digest: { closing, seen, ...(version !== undefined && { version }) } }
    })
  },
}

/** At an earlier step, and a moment ago, so that the store does not show it: pinned steps share a batch. */
const hasPassed = ({ entries }: Walk, entry: BatchEntry): boolean =>
  entries.some((earlier) => doorText(earlier) === doorText(entry))

const leads = ({ step, batch }: Walk<BatchStep>): boolean => step.flushLeading && batch === null

function entryOf(walk: Walk<BatchStep>, { now, timeZone }: StepDeps): BatchEntry | StepResult {
  const { step, scope, row } = walk
  const key = batchKeyOf(walk)
  if (typeof key !== 'string') return { kind: 'go_on', skipped: { reason: key.problem } }
  const from = walk.batch === null ? now : beginningOf(walk, now)
  const window = windowOf(step, scope, from, zoneFor(scope, timeZone))
  if (typeof window === 'string') return { kind: 'go_on', skipped: { reason: window } }
  return { recipient: row.recipient, key, stepRef: step.ref, ...window, itemLimit: step.itemLimit, place: 'any' }
}
