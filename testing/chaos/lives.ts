import { setTimeout as wait } from 'node:timers/promises'
import type { ChaosCaller } from './caller.ts'
import { lead, newLife, type Life } from './life.ts'
import { Random } from './random.ts'

export interface Pace {
  perSecond: number
  /**
   * None begins while so many before it are not answered, or while it is full. A machine that is too slow for the rate is then
   * asked for what it can do.
   */
  most: number
  isFull: () => Promise<boolean>
}

/** Lives begun one after the other at a steady rate, within the bounds of their pace. */
export class Lives {
  readonly all: Life[] = []
  /** What a life could not go on for. */
  readonly failed: string[] = []
  readonly #stop = new AbortController()
  readonly #under = new Set<Promise<void>>()
  readonly #going: Promise<void>

  constructor(seed: number, pace: Pace, caller: ChaosCaller) {
    this.#going = this.#go(seed, pace, caller)
  }

  /** Begins no more; resolves once all that was asked is answered. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#going
    await Promise.all(this.#under)
  }

  async #go(seed: number, { perSecond, most, isFull }: Pace, caller: ChaosCaller): Promise<void> {
    let next = performance.now()
    for (let number = 0; !this.#isStopped(); number += 1) {
      const name = `life-${number}`
      const random = new Random(seed * 1_000_003 + number)
      const life = newLife(name, random)
      this.all.push(life)
      const led = lead(life, name, random, caller).catch((error: unknown) => {
        this.failed.push(`${name}: ${String(error)}`)
      })
      this.#under.add(led)
      void led.finally(() => this.#under.delete(led))
      next += 1_000 / perSecond
      await this.#pause(next - performance.now())
      while (this.#under.size >= most || (await isFull())) {
        if (this.#isStopped()) return
        await this.#pause(1_000)
        next = performance.now()
      }
    }
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted
  }

  /** Ends early when they are told to stop. */
  async #pause(ms: number): Promise<void> {
    await wait(Math.max(0, ms), undefined, { signal: this.#stop.signal }).catch(() => undefined)
  }
}
