/**
 * What a failure of the store means for whoever asked:
 * `unavailable`: it is away, full, or not the store this version was started with; nothing was changed;
 * `busy`: a lock, a statement or a free connection was waited for too long;
 * `conflict`: a deadlock or a transaction that did not serialise; the same again may pass;
 * `refused`: it will never pass: a value or a statement that Postgres does not take;
 * `failed`: anything else.
 */
export type StoreFault = 'unavailable' | 'busy' | 'conflict' | 'refused' | 'failed'

export interface StoreErrorDetails {
  sqlState?: string | undefined
  /** The name of the statement, where it was given one. */
  statement?: string | undefined
  /** Of a violated constraint. */
  constraint?: string | undefined
  /** The class or system code of an error without SQLSTATE, such as ECONNRESET. */
  reason?: string | undefined
}

/**
 * A statement or transaction that failed. It holds no parameter and no message of the database or a library, since those
 * quote values: it may stand in a log and in Temporal's history.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly fault: StoreFault
  readonly sqlState: string | undefined
  readonly statement: string | undefined
  readonly constraint: string | undefined
  readonly reason: string | undefined

  constructor(fault: StoreFault, details: StoreErrorDetails = {}) {
    const { sqlState, statement, constraint, reason } = details
    const why = [sqlState === undefined ? reason : `SQLSTATE ${sqlState}`, constraint].filter(
      (part) => part !== undefined,
    )
    super(
      `the store: ${WORDS[fault]}${statement === undefined ? '' : ` in ${statement}`} (${why.join(', ') || 'no code'})`,
    )
    this.fault = fault
    this.sqlState = sqlState
    this.statement = statement
    this.constraint = constraint
    this.reason = reason
  }
}

const WORDS = {
  unavailable: 'it does not answer, or cannot take anything',
  busy: 'waited too long',
  conflict: 'a conflict with another transaction',
  refused: 'it refused a value or a statement',
  failed: 'it failed',
} as const satisfies Record<StoreFault, string>

/** A free connection was waited for too long: thrown by the pool. */
export class PoolBusyError extends Error {
  override readonly name = 'PoolBusyError'
}

/** The connection is ended by this side, since an answer has not come in time. */
export class StoreDeadlineError extends Error {
  override readonly name = 'StoreDeadlineError'
}

const CONFLICT = new Set(['40P01', '40001'])
const BUSY = new Set(['55P03', '57014'])
/**
 * The store is not the one this process was started with: without its tables, columns, types or functions (42P01, 42703, 42704,
 * 42883, 3F000), read-only or in recovery since another server took over (25006, 55000), without the database, or it no
 * longer takes this user or lets it do what it did. 25P03 and 25P04 end a connection whose transaction stood still or
 * lasted.
 */
const ANOTHER_STORE = new Set(
  '42P01 42703 42704 42883 3F000 3D000 25006 55000 25P03 25P04 28000 28P01 42501'.split(' '),
)
/** Connection, resources (a full disk, too many connections), a server that stops or starts, and the system below it. */
const AWAY = /^(08|53|57P0|58)/
const NEVER = /^(22|23|42)/

/** What an SQLSTATE means. */
function faultOf(sqlState: string): StoreFault {
  if (CONFLICT.has(sqlState)) return 'conflict'
  if (BUSY.has(sqlState)) return 'busy'
  if (ANOTHER_STORE.has(sqlState) || AWAY.test(sqlState)) return 'unavailable'
  return NEVER.test(sqlState) ? 'refused' : 'failed'
}

/** The SQLSTATE of a failed statement, through whatever wraps it; undefined if it is not the database's own answer. */
export function sqlState(error: unknown): string | undefined {
  if (error instanceof StoreError) return error.sqlState
  return answerOf(error)?.code
}

/** The one place where an error of the driver, or of the library around it, becomes ours. Ours are handed back as they are. */
export function toStoreError(error: unknown, statement?: string): StoreError {
  if (error instanceof StoreError) {
    if (statement === undefined || error.statement !== undefined) return error
    const { fault, sqlState, constraint, reason } = error
    return new StoreError(fault, { sqlState, constraint, reason, statement })
  }
  const answer = answerOf(error)
  if (answer !== undefined) {
    const { code, constraint } = answer
    return new StoreError(faultOf(code), { sqlState: code, constraint, statement })
  }
  const first = innermost(error)
  const reason = typeof first.code === 'string' ? first.code : first.name
  if (first instanceof PoolBusyError) return new StoreError('busy', { reason, statement })
  // What the engine itself throws (a parameter too long to be written, say) is no matter of the connection.
  const isEngines = [TypeError, RangeError, SyntaxError, ReferenceError].some((kind) => first instanceof kind)
  return new StoreError(isEngines && first.code === undefined ? 'failed' : 'unavailable', { reason, statement })
}

type Coded = Error & { code?: unknown; constraint?: string }

/** The database's answer in a chain of causes: the error with a code of five characters that also has a severity. */
function answerOf(error: unknown): { code: string; constraint: string | undefined } | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code, constraint } = cause as Coded
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && 'severity' in cause) return { code, constraint }
  }
  return undefined
}

/** A host with several addresses fails once for each, in an error whose first part tells as much as all. */
function innermost(error: unknown): Coded {
  let inner: unknown = error
  while (inner instanceof Error) {
    const deeper: unknown = inner instanceof AggregateError ? inner.errors[0] : inner.cause
    if (!(deeper instanceof Error) || (inner as Coded).code !== undefined) break
    inner = deeper
  }
  return inner instanceof Error ? inner : new Error('no error')
}
