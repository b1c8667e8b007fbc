import type { WorkerOptions } from '@temporalio/worker'

/**
 * `shutdownGraceTime`: longer than a chunk is worked on, so that a stop loses no send; compose waits longer still. Fewer
 * activities than the SDK's 100: each holds a connection to the store while it writes. Fewer workflow tasks than its 40:
 * they share a thread or two with the sends they hand out, and at the top of the minute the first sends wait for them.
 * A poller holds a slot while it waits: of ten slots the SDK's share of a fifth would leave two for new runs, and begin
 * them at the pace of two round trips to Temporal (begin). Pollers, cache and sticky time are the SDK's: others made no
 * difference (docs/performance.md, worker-settings).
 */
export const workerOptions = {
  shutdownGraceTime: '20s',
  maxConcurrentActivityTaskExecutions: 40,
  maxConcurrentWorkflowTaskExecutions: 10,
  nonStickyToStickyPollRatio: 0.5,
} as const satisfies Partial<WorkerOptions>
