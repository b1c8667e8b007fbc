import type { WorkerOptions } from '@temporalio/worker'

/**
 * `shutdownGraceTime`: longer than a chunk is worked on, so that a stop loses no send; compose waits longer still. Fewer
 * activities than the SDK's 100: each holds a connection to the store while it writes.
 */
export const workerOptions = {
  shutdownGraceTime: '20s',
  maxConcurrentActivityTaskExecutions: 40,
  maxConcurrentWorkflowTaskExecutions: 40,
} as const satisfies Partial<WorkerOptions>
