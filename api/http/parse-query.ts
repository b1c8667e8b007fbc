import qs from 'qs'
import { invalid } from './errors.ts'

/** Lists have limits of their own, of 1,000 at most, and say so by the name of their field. */
const LIMITS = { arrayLimit: 2_000, depth: 5, parameterLimit: 2_000 }

/**
 * A query string in every form SDKs write: `status[]=a`, `status[0]=a`, `inserted_at[gt]=`. What would be left out in
 * silence, and leave a list unfiltered, is refused with 422: names on the prototype of objects, and what passes a limit.
 */
export function parseQuery(text: string | null): unknown {
  if (text === null) return {}
  for (const part of text.split('&')) {
    const name = decoded(part.split('=', 1)[0]!) ?? 'query'
    // Left as it stands it would be compared with what nobody asked for.
    if (decoded(part) === null) throw invalid(name, 'is not UTF-8, percent-encoded', 'format')
    if (/(^|[[.])__proto__($|[\].])/.test(name)) throw invalid(name, 'is no name that can be asked for', 'unknown')
  }
  try {
    return qs.parse(text, { ...LIMITS, allowPrototypes: true, strictDepth: true, throwOnLimitExceeded: true })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const { parameterLimit, arrayLimit, depth } = LIMITS
    const most = `has more than ${parameterLimit} parameters, ${arrayLimit} values in a list or ${depth} levels`
    throw invalid('query', most, 'length')
  }
}

/** Null: it cannot be. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return null
  }
}
