import { setTimeout as wait } from 'node:timers/promises'
import type { ChaosCaller } from './caller.ts'
import { lead, newLife, type Life } from './life.ts'
import { Random } from './random.ts'

/** Lives begun one after the other at a steady rate, whatever becomes of those before. */
export class Lives {
  readonly all: Life[] = []
  /** What a life could not go on for. */
  readonly failed: string[] = []
  readonly #stop = new AbortController()
  readonly #under = new Set<Promise<void>>()
  readonly #going: Promise<void>

  constructor(seed: number, perSecond: number, caller: ChaosCaller) {
    this.#going = this.#go(seed, perSecond, caller)
  }

  /** Begins no more; resolves once all that was asked is answered. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#going
    await Promise.all(this.#under)
  }

  async #go(seed: number, perSecond: number, caller: ChaosCaller): Promise<void> {
    const from = performance.now()
    for (let number = 0; !this.#stop.signal.aborted; number += 1) {
      const name = `life-${number}`
      const random = new Random(seed * 1_000_003 + number)
      const life = newLife(name, random)
      this.all.push(life)
      const led = lead(life, name, random, caller).catch((error: unknown) => {
        this.failed.push(`${name}: ${String(error)}`)
      })
      this.#under.add(led)
      void led.finally(() => this.#under.delete(led))
      const next = from + ((number + 1) * 1_000) / perSecond
      await wait(Math.max(0, next - performance.now()), undefined, { signal: this.#stop.signal }).catch(() => undefined)
    }
  }
}
