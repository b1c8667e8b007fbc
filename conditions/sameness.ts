/** Values are told apart down to this depth; what lies deeper counts as equal. */
const DEPTH = 50

/** A text that is the same for values that are equal as JSON, whatever the order of their keys. */
export function sameKey(value: unknown, depth = DEPTH): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  if (depth === 0) return '…'
  if (Array.isArray(value)) return `[${value.map((item) => sameKey(item, depth - 1)).join(',')}]`
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${sameKey(inner, depth - 1)}`).join(',')}}`
}

/** Whether two values of JSON are equal, 50 levels deep; the order of an object’s names is nothing. */
export function same(left: unknown, right: unknown): boolean {
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return left === right
  return sameKey(left) === sameKey(right)
}
