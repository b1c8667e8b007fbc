/** What the walks of one part render is held in memory until it is settled: so many characters, or bytes where all is ASCII. */
const PART_CHARACTERS = 16_000_000
/** So long may they render, milliseconds: an activity that lasts a minute is over, and what it has not settled is lost. */
const PART_MS = 10_000
/** A walk by itself cannot be worked on in smaller parts. */
const ALONE = 3

/** More than there is room for. A RangeError: another try ends the same way, and one with fewer walks may not. */
export class NoRoomError extends RangeError {
  override readonly name = 'NoRoomError'
}

/** How much walks that are settled as one may make before they are. */
export class Room {
  #characters: number
  #ms: number

  constructor(walks: number) {
    const times = walks === 1 ? ALONE : 1
    this.#characters = times * PART_CHARACTERS
    this.#ms = times * PART_MS
  }

  /** `made` was rendered, in so many milliseconds. Throws a NoRoomError where that is too much. */
  take(made: unknown, ms: number): void {
    this.#characters -= charactersIn(made)
    this.#ms -= ms
    if (this.#characters < 0) throw new NoRoomError('its steps make too much text at one go')
    if (this.#ms < 0) throw new NoRoomError('its steps take too long to render at one go')
  }
}

/** Of all texts in it, names aside. */
function charactersIn(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 0
  let sum = 0
  if (Array.isArray(value)) for (const inner of value) sum += charactersIn(inner)
  else for (const name in value) sum += charactersIn((value as Record<string, unknown>)[name])
  return sum
}
