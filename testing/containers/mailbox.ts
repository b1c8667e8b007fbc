import { setTimeout as wait } from 'node:timers/promises'
import { mailpitUrl } from './stack.ts'

interface Listed {
  messages: { ID: string; To: { Address: string }[]; Subject: string }[]
}

const PAGE = 200
const LOOK_MS = 700
/** Mailpit keeps 500, and looks once a minute which it must drop: all that arrives is read long before. */
const PAGES = 40

/** Counts the mails that Mailpit took, by address. It reads all the time, also while Mailpit comes and goes. */
export class Mailbox {
  readonly #seen = new Set<string>()
  readonly #count = new Map<string, number>()
  readonly #stop = new AbortController()
  readonly #reading: Promise<void>

  constructor() {
    this.#reading = this.#read()
  }

  countOf(address: string): number {
    return this.#count.get(address) ?? 0
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#reading
  }

  /** Reads all that is there now. Throws where Mailpit does not answer. */
  async look(): Promise<void> {
    for (let page = 0; page < PAGES; page += 1) {
      const url = `${mailpitUrl()}/api/v1/messages?start=${page * PAGE}&limit=${PAGE}`
      const response = await fetch(url, { signal: AbortSignal.timeout(10_000) })
      const { messages } = (await response.json()) as Listed
      // Newest first.
      const isNew = messages.filter(({ ID }) => !this.#seen.has(ID))
      for (const { ID, To } of isNew) {
        this.#seen.add(ID)
        for (const { Address } of To) this.#count.set(Address, this.countOf(Address) + 1)
      }
      if (isNew.length < PAGE) return
    }
  }

  async #read(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.look().catch(() => undefined)
      await wait(LOOK_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined)
    }
  }
}
