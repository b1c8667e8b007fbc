import { setTimeout as wait } from 'node:timers/promises'
import { ask, type Tries } from './caller.ts'

/** What a cancel answered for one recipient. */
export interface Entry {
  id: string
  outcome: string
  /** By id: sent, under way at that moment, and made but not sent. */
  runs: { messages: string[]; in_flight: string[] | null; taken_back: string[] | null }[]
}

/** One trigger for three people, and what was answered. */
export interface Life {
  people: string[]
  /** The trigger's workflow_run_id; undefined while it was not answered. */
  accepted?: string
  /** Whom a cancel named; null: everyone. Undefined: nobody canceled. */
  named?: string[] | null
  /** By person; undefined while the cancel was not answered. */
  verdict?: Map<string, Entry>
}

export interface LoadOptions {
  /** Of this load alone: keys and addresses begin with it. */
  name: string
  perSecond?: number
  /** How long they sleep, in seconds. */
  sleep?: number
  /** Which share is canceled around the instant. */
  canceled?: number
  url?: string
}

export const addressOf = (person: string) => `${person}@example.com`

/** Triggers at a steady rate, whatever becomes of those before, and cancels of some around their instant. */
export class Load {
  readonly lives: Life[] = []
  readonly tries: Tries = new Map()
  /** Answers that are neither 200 nor 503. */
  readonly wrong: string[] = []
  /** Never answered 200. */
  refused = 0
  readonly #options: Required<Omit<LoadOptions, 'url'>> & { url: string | undefined }
  readonly #stop = new AbortController()
  readonly #under = new Set<Promise<void>>()
  readonly #going: Promise<void>

  constructor({ name, perSecond = 5, sleep = 4, canceled = 0.6, url }: LoadOptions) {
    this.#options = { name, perSecond, sleep, canceled, url }
    this.#going = this.#go()
  }

  /** Triggers no more; resolves once all that was asked is answered. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#going
    await Promise.all(this.#under)
  }

  async #go(): Promise<void> {
    const from = performance.now()
    for (let number = 0; !this.#stop.signal.aborted; number += 1) {
      const life = this.#live(number).catch((error: unknown) => {
        this.wrong.push(error instanceof Error ? error.message : String(error))
      })
      this.#under.add(life)
      void life.finally(() => this.#under.delete(life))
      const next = from + ((number + 1) * 1_000) / this.#options.perSecond
      await wait(Math.max(0, next - performance.now()), undefined, { signal: this.#stop.signal }).catch(() => undefined)
    }
  }

  async #live(number: number): Promise<void> {
    const { name, sleep, canceled, url } = this.#options
    const key = `${name}-${number}`
    const people = ['a', 'b', 'c'].map((letter) => `${key}-${letter}`)
    const life: Life = { people }
    this.lives.push(life)
    const trigger = {
      recipients: people.map((id) => ({ id, email: addressOf(id) })),
      data: { invoice: key, remind_at: { unit: 'seconds', value: sleep } },
      cancelation_key: key,
    }
    const path = '/v1/workflows/payment-reminder'
    const accepted = await ask<{ workflow_run_id: string }>(`${path}/trigger`, trigger, this.tries, url)
    if (accepted === undefined) {
      this.refused += 1
      return
    }
    life.accepted = accepted.body.workflow_run_id
    if (Math.random() >= canceled) return
    await wait(sleep * 1_000 - 700 + Math.random() * 1_200)
    life.named = number % 2 === 0 ? null : [people[number % 3]!]
    const cancel = { cancelation_key: key, ...(life.named !== null && { recipients: life.named }) }
    const answered = await ask<{ recipients: Entry[] }>(`${path}/cancel`, cancel, this.tries, url)
    if (answered === undefined) this.refused += 1
    else life.verdict = new Map(answered.body.recipients.map((entry) => [entry.id, entry]))
  }
}
