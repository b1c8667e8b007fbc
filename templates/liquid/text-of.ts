import { toValue } from 'liquidjs'
import { ZonedInstant } from './instant.ts'

/** How a value shows: a list is its items side by side, an instant ISO 8601, any other object its JSON, nothing is ''. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof ZonedInstant) return value.toString()
  const plain = toValue(value) as string | number | boolean | object | null | undefined
  if (plain === undefined || plain === null) return ''
  if (Array.isArray(plain)) return plain.map(textOf).join('')
  return typeof plain === 'object' ? JSON.stringify(plain) : String(plain)
}
