import type { ErrorCode } from '../../../api/errors.ts'

export const long = (length: number) => 'x'.repeat(length)

export interface Refusal {
  what: string
  /** Instead of that of the route. */
  path?: string
  query?: string
  /** Sent as JSON; a text is sent as it is. */
  body?: unknown
  status?: number
  code?: ErrorCode
  /** Each field and what is wrong with it. */
  fields?: string[]
}

export const wrong = (what: string, body: unknown, ...fields: string[]): Refusal => ({ what, body, fields })
export const wrongPath = (what: string, path: string, ...fields: string[]): Refusal => ({ what, path, fields })
export const wrongQuery = (what: string, query: string, ...fields: string[]): Refusal => ({ what, query, fields })
export const missing = (what: string, path: string, code: ErrorCode, body?: unknown): Refusal => {
  return { what, path, body, status: 404, code }
}

export const unread: Refusal[] = [
  { what: 'a body that is no JSON', body: '{', status: 400, code: 'malformed_json' },
  wrong('a body that is a list', [], 'body cast'),
]

/** Of every route with a user's id in its path; `ID` is the name the route has for it. */
export const users = (rest = ''): Refusal[] => [
  wrongPath('an id of 257 characters', `/v1/users/${long(257)}${rest}`, 'ID length'),
  wrongPath('an id with a slash', `/v1/users/a%2Fb${rest}`, 'ID format'),
  wrongPath('an id with a #', `/v1/users/a%23b${rest}`, 'ID format'),
  wrongPath('an id with U+0000', `/v1/users/%00${rest}`, 'ID format'),
]
