import { ApiError } from './errors.ts'

interface ParserError extends Error {
  /** body-parser's: `charset.unsupported`, ... */
  type?: string
  charset?: string
  encoding?: string
  /** zlib's. */
  code?: string
}

/** What is wrong with a body that could not be read; undefined if the error is of something else. */
export function bodyError(error: unknown): ApiError | undefined {
  if (!(error instanceof Error)) return undefined
  const { type = '', charset, encoding, code = '' } = error as ParserError
  const malformed = (message?: string) => new ApiError('malformed_json', { message, cause: error })
  if (type === 'entity.too.large') return new ApiError('payload_too_large', { cause: error })
  if (type === 'charset.unsupported') return malformed(`The charset ${charset} is not read here: send UTF-8`)
  if (type === 'encoding.unsupported')
    return malformed(`The Content-Encoding ${encoding} is not read here: send gzip, deflate, br or none`)
  if (/^(Z|ERR_BROTLI|ERR__ERROR)_/.test(code)) return malformed('The body is not what its Content-Encoding says')
  if (type === 'request.aborted' || type === 'request.size.invalid') return malformed('The body is not all there')
  return /^(entity|encoding|charset|request|stream)\./.test(type) ? malformed() : undefined
}
