import { randomUUID } from 'node:crypto'

export interface CaughtMail {
  id: string
  receivedAt: Date
  /** As the envelope has them: a blind copy shows here alone. */
  from: string
  to: readonly string[]
  subject: string
  /** As it came over the wire. */
  raw: Buffer
}

/** Mails kept, and bytes of all of them: the oldest go first. A mail is at most as large as MAIL_BYTES. */
const MAILS = 200
const BOX_BYTES = 67_108_864
export const MAIL_BYTES = 33_554_432

/** The mails that a start has caught, in memory: they end with the process. */
export class MailBox {
  readonly #mails: CaughtMail[] = []
  #bytes = 0

  add(mail: Omit<CaughtMail, 'id'>): CaughtMail {
    const kept = { id: randomUUID(), ...mail }
    this.#mails.push(kept)
    this.#bytes += kept.raw.length
    while (this.#mails.length > MAILS || this.#bytes > BOX_BYTES) this.#bytes -= this.#mails.shift()!.raw.length
    return kept
  }

  /** Newest first. */
  list(): CaughtMail[] {
    return this.#mails.toReversed()
  }

  get(id: string): CaughtMail | undefined {
    return this.#mails.find((mail) => mail.id === id)
  }

  clear(): void {
    this.#mails.length = 0
    this.#bytes = 0
  }
}
