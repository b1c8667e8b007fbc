/** What the log says of an error. */
export interface LoggedError {
  type: string
  message?: string
  stack?: string
  code?: string | number
  cause?: LoggedError
}

const DEPTH = 4

/**
 * An error as the log may hold it. Errors of the database, of Drizzle and of JSON quote what they were given, so of those
 * the message is left out, and of all errors every field but the code: none may carry a parameter, an address or a
 * rendered text into the log. The lines of a stack name code only.
 */
export function logError(error: unknown): LoggedError {
  return describe(error, DEPTH)
}

function describe(error: unknown, depth: number): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error }
  const { code } = error as { code?: unknown }
  const told: LoggedError = { type: error.name === 'Error' ? error.constructor.name : error.name }
  if (!quotes(error)) told.message = error.message
  const frames = framesOf(error)
  if (frames !== '') told.stack = frames
  if (typeof code === 'string' || typeof code === 'number') told.code = code
  if (error.cause !== undefined && depth > 0) told.cause = describe(error.cause, depth - 1)
  return told
}

/** The lines of the stack that name code: its first lines repeat the message, which may have several. */
export function framesOf(error: Error): string {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n')
}

/** A database's answer has a severity; Drizzle's holds the statement and its parameters; JSON's repeats the text. */
function quotes(error: Error): boolean {
  return error instanceof SyntaxError || 'severity' in error || ('query' in error && 'params' in error)
}
