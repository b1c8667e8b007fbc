/** Thrown before anything is sent where a message is more than its provider takes; answered as `refused`. */
export class TooLong extends Error {
  override readonly name = 'TooLong'
}

interface Bound {
  /** What an author shortens: the field of the template. */
  field: string
  provider: string
  size: number
  most: number
  unit: 'characters' | 'bytes' | 'items'
}

/** Throws TooLong, which names the field, both numbers and what to do. */
export function atMost({ field, provider, size, most, unit }: Bound): void {
  if (size <= most) return
  const has = unit === 'items' ? `has ${size}` : `is ${size} ${unit} long`
  throw new TooLong(`${field} ${has}, and ${provider} takes ${most}: shorten it`)
}

/** Characters as a reader counts them at most: no provider counts fewer than one for each. */
export function charactersOf(text: unknown): number {
  return typeof text === 'string' ? Array.from(text).length : 0
}
