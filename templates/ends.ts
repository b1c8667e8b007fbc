/**
 * Finds where what has begun in a text ends, for places asked in their order. All of the searches together are linear: a
 * match that lies ahead, and that there is none, are remembered. A pattern that looks for both its ends at once begins
 * anew at every place where one could begin.
 */
export class Ends<Kind extends string> {
  readonly #text: string
  readonly #patterns: Readonly<Record<Kind, RegExp>>
  readonly #found = new Map<Kind, { start: number; end: number } | null>()

  /** Patterns are global. */
  constructor(text: string, patterns: Readonly<Record<Kind, RegExp>>) {
    this.#text = text
    this.#patterns = patterns
  }

  /** After the first end of this kind from here on; undefined: there is none. */
  after(kind: Kind, from: number): number | undefined {
    let last = this.#found.get(kind)
    if (last === undefined || (last !== null && last.start < from)) {
      const pattern = this.#patterns[kind]
      pattern.lastIndex = from
      const match = pattern.exec(this.#text)
      last = match && { start: match.index, end: match.index + match[0].length }
      this.#found.set(kind, last)
    }
    return last?.end
  }
}
