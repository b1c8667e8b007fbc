/** What had been so since when: what is true at an instant is what was said last before it, or at it. */
export class Changes<Value> {
  readonly #said: { at: number; value: Value }[]

  constructor(value: Value) {
    this.#said = [{ at: -Infinity, value }]
  }

  say(value: Value, at: number): void {
    this.#said.push({ at, value })
  }

  get now(): Value {
    return this.#said.at(-1)!.value
  }

  /** More than one, if it was changed at that instant: nobody knows what came first. */
  at(instant: number): Value[] {
    const before = this.#said.findLast(({ at }) => at < instant)!
    return [before, ...this.#said.filter(({ at }) => at === instant)].map(({ value }) => value)
  }
}
