import { setTimeout as wait } from 'node:timers/promises'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import type { ReceivedRequest } from '../servers/http-receiver.ts'
import type { Belay } from './belay.ts'

const CANCELED_OF = 3
/** A cancel comes up to so long after its trigger, around the instant of 20 s. */
const LATEST_CANCEL_MS = 24_000

/** Triggers of `letter` at a steady rate, whose `hook` step posts `data.n`; every third is canceled some time later. */
export class UpgradeLoad {
  /** Calls that were not answered 200. */
  readonly refused: string[] = []
  triggered = 0
  canceled = 0
  readonly #belay: Belay
  readonly #accepted = new Set<number>()
  readonly #verdicts = new Map<number, Verdict>()
  readonly #under = new Set<Promise<void>>()
  readonly #going: Promise<void>
  #stopped = false

  constructor(belay: Belay, perSecond: number) {
    this.#belay = belay
    this.#going = this.#go(perSecond)
  }

  /** Begins no more; resolves once all that was asked is answered. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#going
    await Promise.all(this.#under)
  }

  /** A line each: who was accepted and has not exactly what the definition and the verdict say. */
  judge(requests: readonly ReceivedRequest[]): string[] {
    const wrong: string[] = []
    const arrived = new Map<number, number>()
    for (const { body } of requests) arrived.set(Number(body), (arrived.get(Number(body)) ?? 0) + 1)
    for (const n of this.#accepted) {
      const count = arrived.get(n) ?? 0
      const [recipient] = this.#verdicts.get(n)?.recipients ?? []
      const isCut = recipient?.outcome === 'canceled'
      const inFlight = recipient?.runs.some(({ in_flight: claimed }) => claimed.length > 0) ?? false
      const isRight = isCut ? count === 0 || inFlight : recipient?.outcome === 'sending' ? count <= 1 : count === 1
      if (!isRight) wrong.push(`${n} arrived ${count} times; ${JSON.stringify(recipient ?? 'not canceled')}`)
    }
    return wrong
  }

  async #go(perSecond: number): Promise<void> {
    for (let n = 0; !this.#stopped; n += 1) {
      const one = this.#one(n).catch((error: unknown) => void this.refused.push(`${n}: ${String(error)}`))
      this.#under.add(one)
      void one.finally(() => this.#under.delete(one))
      await wait(1_000 / perSecond)
    }
  }

  async #one(n: number): Promise<void> {
    const cancelation_key = `key-${n}`
    await this.#belay.trigger('letter', { recipients: [`user-${n}`], cancelation_key, data: { n } })
    this.triggered += 1
    this.#accepted.add(n)
    if (n % CANCELED_OF !== 0) return
    await wait((n * 1_327) % LATEST_CANCEL_MS)
    this.#verdicts.set(n, await this.#belay.cancel('letter', { cancelation_key }))
    this.canceled += 1
  }
}
