import { setMaxListeners } from 'node:events'

/** Runs `work` with a signal that aborts together with `signal`, or after `ms`. */
export async function withDeadline<Result>(
  signal: AbortSignal,
  ms: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  // Not AbortSignal.any over AbortSignal.timeout: Node 20 may collect the timeout as garbage, and then it never comes.
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal.reason)
  const timer = setTimeout(() => controller.abort(new Error(`no answer within ${ms / 1_000} s`)), ms)
  // One listener for each send under way is no leak.
  setMaxListeners(0, signal)
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}
