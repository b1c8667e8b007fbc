import type { LargeParts } from './large-parts.ts'

/** What the walks of one part render is held in memory until it is settled: so many characters, or bytes where all is ASCII. */
const PART_CHARACTERS = 16_000_000
/** So long may they render, milliseconds: an activity that lasts a minute is over, and what it has not settled is lost. */
const PART_MS = 10_000
/** A walk by itself cannot be worked on in smaller parts. */
const ALONE = 3
/** A part that holds no more waits for no other. */
const SMALL = 1_000_000

/** More than there is room for. A RangeError: another try ends the same way, and one with fewer walks may not. */
export class NoRoomError extends RangeError {
  override readonly name = 'NoRoomError'
}

/** How much walks that are settled as one may hold before they are. */
export class Room {
  #characters: number
  #ms: number
  #held = 0
  #leave: (() => void) | undefined
  readonly #turn: (() => Promise<() => void>) | undefined

  /** `large` and the signal that ends a wait for it: those that come to hold much wait for their turn. */
  constructor(walks: number, large?: LargeParts, signal = new AbortController().signal) {
    const times = walks === 1 ? ALONE : 1
    this.#characters = times * PART_CHARACTERS
    this.#ms = times * PART_MS
    this.#turn = large && (() => large.enter(signal))
  }

  /** They are about to load so many bytes. */
  async load(bytes: number): Promise<void> {
    await this.#hold(bytes)
  }

  /** `made` was rendered, in so many milliseconds. Throws a NoRoomError where that is too much; a promise is to be awaited. */
  take(made: unknown, ms: number): Promise<void> | undefined {
    const characters = charactersIn(made)
    this.#characters -= characters
    this.#ms -= ms
    if (this.#characters < 0) throw new NoRoomError('its steps make too much text at one go')
    if (this.#ms < 0) throw new NoRoomError('its steps take too long to render at one go')
    return this.#hold(characters)
  }

  /** All of it is settled, or let go of. */
  leave(): void {
    this.#leave?.()
  }

  #hold(more: number): Promise<void> | undefined {
    this.#held += more
    if (this.#held <= SMALL || this.#leave !== undefined || this.#turn === undefined) return undefined
    return this.#turn().then((leave) => {
      this.#leave = leave
    })
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
