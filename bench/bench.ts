import type { Figure } from './figure.ts'

/** Something to be measured by itself: `npm run bench -- <name>`. */
export interface Scenario {
  name: string
  /** One line: what is measured, against what. */
  about: string
  /** Left out unless asked for by name. */
  onRequest?: true
  run(bench: Bench): Promise<void>
}

/** One run of a scenario: its figures, and what it started, ended with it in reverse order. */
export class Bench {
  readonly figures: Figure[] = []
  readonly #closers: (() => unknown)[] = []

  after(close: () => unknown): void {
    this.#closers.push(close)
  }

  figure(figure: Figure): void {
    this.figures.push(figure)
  }

  say(text: string): void {
    console.log(`  ${text}`)
  }

  /** Ends what was started since, before the scenario goes on. */
  async within<Result>(work: (bench: Bench) => Promise<Result>): Promise<Result> {
    const inner = new Bench()
    try {
      return await work(inner)
    } finally {
      await inner.close()
      this.figures.push(...inner.figures)
    }
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close()
  }
}
