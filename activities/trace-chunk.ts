import { traceWork } from '../metrics/tracing.ts'
import { triggerIdOf } from '../store/ids/row-id.ts'
import type { OwnTrigger } from '../store/recipient-runs/load-walks.ts'
import { callingRun } from './chunk.ts'

/** Does what a chunk asks, as a part of the trace of each trigger whose rows are in it. */
export async function traceChunk<Result>(
  name: string,
  rows: readonly { id: number }[],
  triggers: ReadonlyMap<number, OwnTrigger>,
  work: () => Promise<Result>,
): Promise<Result> {
  const counts = new Map<number, number>()
  for (const id of rows.map((row) => triggerIdOf(row.id))) counts.set(id, (counts.get(id) ?? 0) + 1)
  const parts = [...counts].flatMap(([id, count]) => {
    const { trace, workflowRunId } = triggers.get(id)!
    const part = traceWork(name, 'consumer', trace, {
      'belay.workflow_run_id': workflowRunId,
      'belay.recipient_runs': count,
      'temporal.workflow_id': callingRun(),
    })
    return part === undefined ? [] : [part]
  })
  try {
    const result = await work()
    for (const part of parts) part.end()
    return result
  } catch (error) {
    for (const part of parts) part.end(error instanceof Error ? error.name : typeof error)
    throw error
  }
}
