import { createContext, Script } from 'node:vm'

const LIMIT_MS = 2_000
const context = createContext({ run: (): unknown => undefined }) as { run: () => unknown }
const script = new Script('run()')

/**
 * Calls `work` and returns its result; what runs longer than two seconds is cut off, a regular expression in the middle of
 * its backtracking included, with an error of code ERR_SCRIPT_EXECUTION_TIMEOUT. Costs some 0.1 ms.
 */
export function withinTime<Result>(work: () => Result): Result {
  context.run = work
  try {
    return script.runInContext(context, { timeout: LIMIT_MS }) as Result
  } finally {
    context.run = () => undefined
  }
}

/** The error comes from another context, so it is none of this one's Error. */
export function isTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
}
