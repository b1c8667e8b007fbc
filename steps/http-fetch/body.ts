import { hasLiquid, jsonIn } from '../../definitions/fields.ts'
import type { FetchStep } from '../../definitions/step.ts'
import { jsonFault } from '../../json/fault.ts'

/** Its body is what this header says, whatever that is; without it a body is JSON. */
export const CONTENT_TYPE = 'content-type'

const isContentType = (name: string) => name.toLowerCase() === CONTENT_TYPE

/** Why a body without Liquid cannot be sent with these headers; null where it can, or nobody knows before they are rendered. */
export function bodyFault(body: string, headers: FetchStep['headers']): string | null {
  if (hasLiquid(body) || mayNameType(headers)) return null
  const fault = jsonFault(body)
  if (fault === null) return null
  const place = `line:${fault.line}, col:${fault.column}`
  return `must be JSON, since no content-type among the headers says what else it is: ${fault.message}, ${place}`
}

function mayNameType(headers: FetchStep['headers']): boolean {
  if (typeof headers !== 'string') return headers.some(({ key }) => isContentType(key))
  return hasLiquid(headers) || Object.keys(jsonIn(headers) ?? {}).some(isContentType)
}

/** The same of a rendered body. What stands there is not shown: it may come from `vars`. */
export function renderedBodyFault(body: string): string | null {
  const fault = jsonFault(body)
  if (fault === null) return null
  const place = `line ${fault.line}, column ${fault.column}`
  return `body renders as no JSON (${place}), and no content-type among the headers says what it is`
}
