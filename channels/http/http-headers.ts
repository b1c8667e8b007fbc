import { validateHeaderName, validateHeaderValue } from 'node:http'

/** Set by the channel, or of the connection and not of the request: no definition and no setting may touch them. */
const RESERVED = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
])

/** Whether the request sets it by itself, so that a template may not. In any case of letters. */
export function isReservedHeader(name: string): boolean {
  return RESERVED.has(name.toLowerCase())
}

/** Whether Node sends it as the name of a header. */
export function isHeaderName(name: string): boolean {
  return passes(() => validateHeaderName(name))
}

/** One line, Latin-1, no control characters but the tab. */
export function isHeaderValue(value: string): boolean {
  return passes(() => validateHeaderValue('value', value))
}

function passes(check: () => void): boolean {
  try {
    check()
    return true
  } catch {
    return false
  }
}
