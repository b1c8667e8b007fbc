import { asyncLocalStorage, type Context } from '@temporalio/activity'

/** Calls a Temporal activity as a worker does for the run `workflowId`: what it asks of its context is there. */
export function asActivity<Result>(workflowId: string, work: () => Promise<Result>): Promise<Result> {
  const context = {
    info: { workflowExecution: { workflowId, runId: 'rehearsal' } },
    cancellationSignal: new AbortController().signal,
    heartbeat: () => undefined,
  }
  return asyncLocalStorage.run(context as unknown as Context, work)
}
