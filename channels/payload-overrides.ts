const STRATEGY = '__strategy__'

type Fields = Readonly<Record<string, unknown>>

/**
 * A provider's payload with overrides laid over it, the later over the earlier: objects are merged at every depth, all
 * else takes the place of what was there. An object with `"__strategy__": "replace"` does so, too, and is sent without it.
 */
export function laidOver(payload: object, ...overrides: (object | null | undefined)[]): Record<string, unknown> {
  return overrides.reduce<Record<string, unknown>>((below, above) => over(below, (above ?? {}) as Fields), {
    ...payload,
  })
}

function over(below: Fields, above: Fields): Record<string, unknown> {
  const merged: Record<string, unknown> = above[STRATEGY] === 'replace' ? {} : { ...below }
  for (const [name, value] of Object.entries(above)) {
    if (name === STRATEGY) continue
    // Assigned, `__proto__` would be the object's own prototype.
    const own = isFields(value) ? over(isFields(merged[name]) ? merged[name] : {}, value) : value
    Object.defineProperty(merged, name, { value: own, enumerable: true, writable: true, configurable: true })
  }
  return merged
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
