import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a link of ours is for: an opened mail, a clicked link in it, an unsubscription. */
export type LinkKind = 'open' | 'click' | 'unsubscribe'

/** Why a message has none of them that asks for some. */
export const MISSING = 'off: BELAY_PUBLIC_URL and BELAY_LINK_SECRET are not set'

/** What a link that was followed says. */
export interface SignedLink {
  messageId: string
  /** Where a click goes on to; empty in any other link. */
  target: string
}

/** Bytes. A target that is longer is not tracked: some clients cut what does not fit into a line of theirs. */
const LONGEST_TARGET = 1_500
const SIGNATURE_BYTES = 16

/** Addresses of ours that go out with messages. What they say is in them, signed: nothing is stored for them. */
export class Links {
  readonly #base: string
  readonly #key: string

  /** `publicUrl` is where the API is reached from outside; every process has the same `secret`. */
  constructor(publicUrl: string, secret: string) {
    this.#base = withoutSlashes(publicUrl)
    this.#key = secret
  }

  /** Undefined where this process has not been told of both. */
  static of(settings: {
    BELAY_PUBLIC_URL?: string | undefined
    BELAY_LINK_SECRET?: string | undefined
  }): Links | undefined {
    const { BELAY_PUBLIC_URL: url, BELAY_LINK_SECRET: secret } = settings
    return url === undefined || secret === undefined ? undefined : new Links(url, secret)
  }

  unsubscribe(messageId: string): string {
    return this.#url('unsubscribe', messageId, '')
  }

  open(messageId: string): string {
    return this.#url('open', messageId, '')
  }

  /** Null: the target is too long, and stays as it is. */
  click(messageId: string, target: string): string | null {
    return Buffer.byteLength(target) > LONGEST_TARGET ? null : this.#url('click', messageId, target)
  }

  /** Whether an address is one of these. */
  isOurs(address: string): boolean {
    return address.startsWith(`${this.#base}/l/`)
  }

  /** What a token says; null: it is not one of this kind that was made here. */
  read(kind: LinkKind, token: string): SignedLink | null {
    const [messageId = '', target = '', signature = '', ...more] = token.split('.')
    if (more.length > 0 || token.length > 3 * LONGEST_TARGET) return null
    const decoded = Buffer.from(target, 'base64url').toString()
    const given = Buffer.from(signature, 'base64url')
    const right = this.#sign(kind, messageId, decoded)
    return given.length === right.length && timingSafeEqual(given, right) ? { messageId, target: decoded } : null
  }

  #url(kind: LinkKind, messageId: string, target: string): string {
    const signature = this.#sign(kind, messageId, target).toString('base64url')
    return `${this.#base}/l/${kind}/${messageId}.${Buffer.from(target).toString('base64url')}.${signature}`
  }

  #sign(kind: LinkKind, messageId: string, target: string): Buffer {
    const signed = JSON.stringify([kind, messageId, target])
    return createHmac('sha256', this.#key).update(signed).digest().subarray(0, SIGNATURE_BYTES)
  }
}

function withoutSlashes(url: string): string {
  return url.endsWith('/') ? withoutSlashes(url.slice(0, -1)) : url
}
