import { parseConnectionUrl, type ConnectionUrlOptions } from 'nodemailer/lib/shared'
import pLimit, { type LimitFunction } from 'p-limit'
import { withoutHidden } from '../hidden.ts'
import { oneLine, type Attempt, type SendResult } from '../sender.ts'
import type { SmtpLimits } from './smtp-limits.ts'
import { resultOf } from './smtp-result.ts'
import { SmtpSession, type SmtpError, type SmtpMail, type SmtpReply } from './smtp-session.ts'

/** Messages over one connection; some servers close it after more. `?maxMessages=` of the URL says otherwise. */
const MESSAGES_A_SESSION = 100

/** A connection that rested for longer is asked whether it is still there before it carries a message. */
const FRESH_MS = 1_000

/** `refused`: of a mail that was sent, the addresses that the server did not take. */
export type SmtpResult = SendResult & { refused?: SmtpReply['refused'] }

interface Idle {
  session: SmtpSession
  timer: NodeJS.Timeout
  /** Monotonic milliseconds. */
  since: number
}

/** Connections to one server, kept open between messages. `?maxConnections=` of the URL says how many. */
export class SmtpPool {
  readonly #server: ConnectionUrlOptions
  readonly #limits: SmtpLimits
  readonly #atOnce: LimitFunction
  readonly #sessions = new Set<SmtpSession>()
  readonly #idle: Idle[] = []

  /** Options in the URL (`?requireTLS=true`, `?tls.rejectUnauthorized=false`) are Nodemailer's. */
  constructor(url: string, connections: number, limits: SmtpLimits) {
    this.#server = parseConnectionUrl(url)
    this.#limits = limits
    this.#atOnce = pLimit(atLeastOne(this.#server.maxConnections) ?? connections)
  }

  /** Sends one message over a connection of its own for that time. Never rejects. */
  send(mail: SmtpMail, attempt: Attempt): Promise<SmtpResult> {
    return this.#atOnce(async () => {
      const { refused, ...result } = await this.#try(mail, attempt)
      const clean = (text: string) => withoutHidden(text, loginOf(this.#server))
      const partly = refused && {
        refused: refused.map((each) => ({ ...each, response: clean(oneLine(each.response)) })),
      }
      return 'reason' in result ? { ...result, reason: clean(result.reason) } : { ...result, ...partly }
    })
  }

  close(): void {
    for (const { timer } of this.#idle.splice(0)) clearTimeout(timer)
    for (const session of this.#sessions) session.close()
    this.#sessions.clear()
  }

  async #try(mail: SmtpMail, attempt: Attempt): Promise<SmtpResult> {
    let session = await this.#takeIdle()
    // A server may have closed an idle connection without our knowing: then a new one is opened, once.
    const first = session === undefined ? undefined : await this.#carry(session, mail, attempt)
    if (first !== undefined && !first.isLost) return first.result
    try {
      session = await SmtpSession.open(this.#server, this.#limits, attempt.signal)
    } catch (error) {
      return resultOf(error, false)
    }
    this.#sessions.add(session)
    return (await this.#carry(session, mail, attempt)).result
  }

  /** `isLost`: the connection ended before the content was handed over, and the server said nothing. */
  async #carry(
    session: SmtpSession,
    mail: SmtpMail,
    attempt: Attempt,
  ): Promise<{ result: SmtpResult; isLost: boolean }> {
    if (!session.takesUtf8Addresses && [mail.from, ...mail.to].some((address) => /[^\p{ASCII}]/u.test(address))) {
      this.#keep(session)
      return { result: { kind: 'refused', reason: NO_UTF8 }, isLost: false }
    }
    const content = { handedOver: false }
    const onHandedOver = (): void => {
      content.handedOver = true
      attempt.onHandedOver()
    }
    try {
      const { response, refused } = await session.send(mail, { ...attempt, onHandedOver })
      this.#keep(session)
      return { result: { kind: 'sent', externalId: oneLine(response), refused }, isLost: false }
    } catch (error) {
      const isRefusal = (error as SmtpError).responseCode !== undefined
      if (isRefusal) void session.reset().then((usable) => (usable ? this.#keep(session) : this.#drop(session)))
      else this.#drop(session)
      return {
        result: resultOf(error, content.handedOver),
        isLost: !isRefusal && !content.handedOver && session.carried > 1,
      }
    }
  }

  /** One that has just carried a message, or that still answers. Where one does not, those that rest with it go, too. */
  async #takeIdle(): Promise<SmtpSession | undefined> {
    for (;;) {
      const entry = this.#idle.pop()
      if (entry === undefined) return undefined
      const { session, timer, since } = entry
      clearTimeout(timer)
      const isFresh = performance.now() - since < FRESH_MS
      if (session.isOpen && (isFresh || (await session.reset(this.#limits.probe)))) return session
      this.#drop(session)
      if (!isFresh) for (const resting of this.#idle.splice(0)) this.#retire(resting)
    }
  }

  #keep(session: SmtpSession): void {
    const most = atLeastOne(this.#server.maxMessages) ?? MESSAGES_A_SESSION
    if (!session.isOpen || !this.#sessions.has(session)) return this.#drop(session)
    if (session.carried >= most) {
      this.#sessions.delete(session)
      return session.quit()
    }
    const timer = setTimeout(() => this.#retire(entry), this.#limits.idle)
    const entry: Idle = { session, timer, since: performance.now() }
    entry.timer.unref()
    this.#idle.push(entry)
  }

  #retire(entry: Idle): void {
    clearTimeout(entry.timer)
    const at = this.#idle.indexOf(entry)
    if (at !== -1) this.#idle.splice(at, 1)
    this.#sessions.delete(entry.session)
    entry.session.quit()
  }

  #drop(session: SmtpSession): void {
    this.#sessions.delete(session)
    session.close()
  }
}

const NO_UTF8 = 'the mail server takes no internationalised addresses: it does not announce SMTPUTF8'

/** A server that is odd, or hostile, may say what it was told. */
function loginOf({ auth }: ConnectionUrlOptions): string[] {
  const { user = '', pass = '' } = (auth ?? {}) as { user?: string; pass?: string }
  return pass === '' ? [] : [pass, `\0${user}\0${pass}`]
}

function atLeastOne(option: unknown): number | undefined {
  return typeof option === 'number' && option >= 1 ? option : undefined
}
