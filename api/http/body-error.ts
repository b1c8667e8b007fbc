import { ApiError } from './errors.ts'

interface ReadingError extends Error {
  /** raw-body's: `request.aborted`, ... */
  type?: string
  /** zlib's. */
  code?: string
}

/** What is wrong with a body that could not be read; undefined if the error is of something else. */
export function bodyError(error: unknown): ApiError | undefined {
  if (!(error instanceof Error)) return undefined
  const { type = '', code = '' } = error as ReadingError
  const malformed = (message: string) => new ApiError('malformed_json', { message, cause: error })
  if (/^(Z|ERR_BROTLI|ERR__ERROR)_/.test(code)) return malformed('The body is not what its Content-Encoding says')
  if (type === 'request.aborted' || type === 'request.size.invalid') return malformed('The body is not all there')
  return undefined
}
