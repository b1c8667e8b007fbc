import type { EngineError, EngineErrorCode, FieldError } from '../../engine/errors.ts'

/** Every error the API answers with. `type` and `message` as Knock writes them where it has the code. */
export const errorCodes = {
  api_key_missing: {
    status: 401,
    type: 'authentication_error',
    message: 'No API key: send Authorization: Bearer sk_...',
  },
  api_key_invalid: { status: 401, type: 'authentication_error', message: 'This API key is not valid here' },
  missing_user_token: {
    status: 401,
    type: 'authentication_error',
    message: 'Public keys need a user token here: send X-Knock-User-Token, a JWT signed by your backend',
  },
  invalid_user_token: { status: 401, type: 'authentication_error', message: 'This user token is not valid' },
  report_refused: {
    status: 401,
    type: 'authentication_error',
    message: 'This report is not signed as the channel’s settings say; the log of the api says why',
  },
  incorrect_token_type: {
    status: 403,
    type: 'authentication_error',
    message: 'This endpoint needs a secret key (sk_...), not a public one',
  },
  not_permitted: { status: 403, type: 'authentication_error', message: 'This key or user token may not do this' },
  workflow_missing: { status: 404, type: 'invalid_request_error', message: 'No workflow has this key' },
  not_implemented: {
    status: 404,
    type: 'api_error',
    message: 'Belay does not serve this part of Knock’s API',
  },
  resource_missing: { status: 404, type: 'api_error', message: 'The resource you requested does not exist' },
  method_not_allowed: {
    status: 405,
    type: 'invalid_request_error',
    message: 'This path is there, but not under this method',
  },
  malformed_request: { status: 400, type: 'invalid_request_error', message: 'This is not HTTP as it is read here' },
  headers_too_large: {
    status: 431,
    type: 'invalid_request_error',
    message: 'The request line and its headers are larger than 32 kB',
  },
  request_timeout: { status: 408, type: 'invalid_request_error', message: 'The request took too long to arrive' },
  malformed_json: { status: 400, type: 'invalid_request_error', message: 'The body is not valid JSON' },
  idempotency_key_mismatch: {
    status: 400,
    type: 'invalid_request_error',
    message: 'This Idempotency-Key was used with a different request',
  },
  idempotency_key_too_long: {
    status: 400,
    type: 'invalid_request_error',
    message: 'An Idempotency-Key has at most 255 characters',
  },
  payload_too_large: { status: 413, type: 'invalid_request_error', message: 'The body is too large' },
  invalid_params: {
    status: 422,
    type: 'invalid_request_error',
    message: 'One or more parameters supplied were invalid',
  },
  workflow_inactive: {
    status: 422,
    type: 'invalid_request_error',
    message: 'This workflow is not active: it takes no triggers',
  },
  workflow_invalid: {
    status: 422,
    type: 'invalid_request_error',
    message: 'The files of this workflow cannot be used, so it takes no triggers',
  },
  definitions_invalid: {
    status: 422,
    type: 'invalid_request_error',
    message: 'The folder has mistakes; what was read before stays',
  },
  rate_limited: {
    status: 429,
    type: 'invalid_request_error',
    message: 'Too many requests of this key or user; nothing was changed',
  },
  store_unavailable: { status: 503, type: 'api_error', message: 'The store does not answer; nothing was changed' },
  overloaded: { status: 503, type: 'api_error', message: 'Too much at once; nothing was changed' },
  internal_error: {
    status: 500,
    type: 'api_error',
    message: 'Something failed here; the request id finds it in the log',
  },
} as const satisfies Record<string, { status: number; type: string; message: string }>

export type ErrorCode = keyof typeof errorCodes

export type { FieldError }

/** How each refusal of the engine is answered. */
const ofEngine = {
  workflow_missing: { code: 'workflow_missing' },
  workflow_inactive: { code: 'workflow_inactive' },
  workflow_invalid: { code: 'workflow_invalid' },
  trigger_missing: { code: 'resource_missing' },
  invalid_params: { code: 'invalid_params' },
  idempotency_key_mismatch: { code: 'idempotency_key_mismatch' },
  idempotency_key_too_long: { code: 'idempotency_key_too_long' },
  idempotency_key_in_use: {
    code: 'overloaded',
    message: 'A request with this Idempotency-Key is still being carried out',
    retryAfter: 1,
  },
} as const satisfies Record<EngineErrorCode, { code: ErrorCode; message?: string; retryAfter?: number }>

/** The API's error for a refusal of the engine. */
export function ofEngineError(error: EngineError): ApiError {
  const { code, ...answer } = ofEngine[error.code]
  const told = error.message === '' ? {} : { message: error.message }
  return new ApiError(code, { ...told, ...answer, fields: [...error.fields], cause: error })
}

/**
 * What a request is answered with instead: a code of `errors`, and what of the request is at fault. error-handler.ts
 * writes it.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ErrorCode
  readonly fields: FieldError[]
  /** Seconds, 1 to 5: some SDKs obey any value. */
  readonly retryAfter: number | undefined

  constructor(
    code: ErrorCode,
    options: { message?: string; fields?: FieldError[]; retryAfter?: number; cause?: unknown } = {},
  ) {
    // The first fault is told here too: most SDKs print nothing but the message.
    const [first] = options.fields ?? []
    const message = errorCodes[code].message + (first === undefined ? '' : `: ${first.field} ${first.message}`)
    super(options.message ?? message, { cause: options.cause })
    this.code = code
    this.fields = options.fields ?? []
    this.retryAfter = options.retryAfter
  }

  get status(): number {
    return errorCodes[this.code].status
  }

  toBody(requestId: string): Record<string, unknown> {
    const { status, type } = errorCodes[this.code]
    return { code: this.code, message: this.message, status, type, errors: this.fields, request_id: requestId }
  }
}

/** 422 for one field. */
export function invalid(field: string, message: string, type = 'invalid'): ApiError {
  return new ApiError('invalid_params', { fields: [{ field, message, type }] })
}
