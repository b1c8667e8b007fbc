/** Why a use case did nothing. How each is answered over HTTP is decided in api/http/errors.ts. */
export type EngineErrorCode =
  | 'workflow_missing'
  | 'workflow_inactive'
  /** Its files cannot be used; `fields` says why. */
  | 'workflow_invalid'
  | 'trigger_missing'
  | 'invalid_params'
  | 'idempotency_key_mismatch'
  | 'idempotency_key_too_long'
  /** Another call holds the Idempotency-Key for longer than one waits for it. */
  | 'idempotency_key_in_use'

/** One field at fault. `type` says what is wrong in a word (required, cast, length, inclusion, format, unknown, conflict, ...). */
export interface FieldError {
  /** `recipients[2].id` */
  field: string
  message: string
  type: string
}

/** A call that is refused. Nothing was changed. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code: EngineErrorCode
  /** What is wrong with which field, for `invalid_params`. */
  readonly fields: readonly FieldError[]

  constructor(code: EngineErrorCode, options: { message?: string; fields?: FieldError[]; cause?: unknown } = {}) {
    super(options.message, { cause: options.cause })
    this.code = code
    this.fields = options.fields ?? []
  }
}

/** The refusal of one field. */
export function invalidField(field: string, message: string, type = 'invalid'): EngineError {
  return new EngineError('invalid_params', { fields: [{ field, message, type }] })
}
