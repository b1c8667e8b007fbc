import { setMaxListeners } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { ConnectionUrlOptions } from 'nodemailer/lib/shared'
import type { Attempt } from '../sender.ts'
import type { SmtpLimits } from './smtp-limits.ts'

/** One message, ready for the wire. */
export interface SmtpMail {
  from: string
  to: string[]
  raw: Buffer
}

/** Of Nodemailer, or a stage's time that ran out. */
export interface SmtpError extends Error {
  /** Nodemailer's own: EENVELOPE and EMESSAGE speak of this message, all others of the way to the server. */
  code?: string
  responseCode?: number
  /** The server's reply. */
  response?: string
  /** Of a refused address. */
  recipient?: string
}

/** What a server said of a message that it took. */
export interface SmtpReply {
  response: string
  /** Addresses that it refused, while it took others, each with its words. */
  refused: { address: string; response: string }[]
}

/** Bytes handed to Nodemailer at once. The end of the content is known as precisely as this. */
const BLOCK_BYTES = 16_384

/** A connection to an SMTP server, greeted and logged in, that carries one message at a time. */
export class SmtpSession {
  readonly #connection: SMTPConnection
  readonly #limits: SmtpLimits
  /** Messages tried so far. */
  carried = 0
  #onEnd: (error: Error) => void = () => undefined

  private constructor(connection: SMTPConnection, limits: SmtpLimits) {
    this.#connection = connection
    this.#limits = limits
    // After whatever Nodemailer has to say of it: it closes some connections without a word to who waits.
    connection.once('end', () => setImmediate(() => this.#onEnd(new Error('the server closed the connection'))))
  }

  /** Connects, greets and logs in. Rejects with an SmtpError, or with the reason of `signal`: nothing has been handed over. */
  static async open(server: ConnectionUrlOptions, limits: SmtpLimits, signal: AbortSignal): Promise<SmtpSession> {
    const secure = server.secure ?? server.port === 465
    const address = { host: server.host ?? 'localhost', port: server.port ?? (secure ? 465 : 587) }
    const connection = new SMTPConnection({
      ...server,
      ...address,
      secure,
      connection: await dial(address, limits.connect, signal),
      connectionTimeout: limits.greeting,
      greetingTimeout: limits.greeting,
      // Stages have times of their own; this one is behind them all.
      socketTimeout: limits.answer + limits.command,
    })
    // For the life of the connection: it may end between two messages.
    connection.on('error', () => undefined)
    const session = new SmtpSession(connection, limits)
    try {
      await within<undefined>(limits.greeting + limits.login, 'no session', signal, (done, fail) => {
        session.#onEnd = fail
        connection.once('error', fail)
        connection.connect((error) => {
          if (error != null) fail(error)
          else if (server.auth === undefined || !connection.allowsAuth) done(undefined)
          else {
            const answered = (refusal: Error | null): void => (refusal === null ? done(undefined) : fail(refusal))
            connection.login({ credentials: server.auth }, answered)
          }
        })
      })
      return session
    } catch (error) {
      connection.close()
      throw error
    }
  }

  /** False once the server or this side has closed it. */
  get isOpen(): boolean {
    return !this.#connection.destroyed
  }

  /** Whether the server announced internationalised addresses (RFC 6531). */
  get takesUtf8Addresses(): boolean {
    // Not part of Nodemailer's types: it tells the lines of EHLO only with a message's answer.
    const { _ehloLines: lines = [] } = this.#connection as unknown as { _ehloLines?: string[] }
    return lines.some((line) => line.toUpperCase() === 'SMTPUTF8')
  }

  /** Hands a message over, and answers the server's reply to it. Rejects with an SmtpError, or with the reason of the signal. */
  async send({ from, to, raw }: SmtpMail, attempt: Attempt): Promise<SmtpReply> {
    this.carried += 1
    const { command, answer } = this.#limits
    return within<SmtpReply>(command, 'no answer', attempt.signal, (done, fail, restart) => {
      this.#onEnd = fail
      const blocks = blocksOf(raw, {
        onBlock: () => restart(command, 'the server did not go on reading'),
        onEnd: () => {
          attempt.onHandedOver()
          restart(answer, 'no answer to the content')
        },
      })
      this.#connection.send({ from, to, size: raw.length }, Readable.from(blocks), (error, info) =>
        error === null ? done({ response: info.response, refused: refusedOf(info.rejectedErrors) }) : fail(error),
      )
    })
  }

  /** Makes a session whose message was refused ready for another one. False: it is of no more use. Never rejects. */
  async reset(withinMs = this.#limits.command): Promise<boolean> {
    if (!this.isOpen) return false
    const reset = within<boolean>(withinMs, 'no answer', never, (done, fail) => {
      this.#onEnd = fail
      this.#connection.reset((error) => (error === null ? done(true) : fail(error)))
    })
    return reset.catch(() => false)
  }

  /** Says goodbye, and ends it in any case a moment later: the server may have gone, or say nothing. */
  quit(): void {
    if (!this.isOpen) return
    this.#connection.quit()
    setTimeout(() => this.close(), this.#limits.probe).unref()
  }

  /** Ends it now, whatever is under way. */
  close(): void {
    this.#connection.close()
  }
}

const never = new AbortController().signal

function refusedOf(errors: readonly SmtpError[] = []): SmtpReply['refused'] {
  return errors.map(({ recipient = '', response, message }) => ({ address: recipient, response: response ?? message }))
}

/** The content in blocks, each told when it is asked for; `onEnd` comes before the final dot. */
function* blocksOf(raw: Buffer, told: { onBlock: () => void; onEnd: () => void }): Generator<Buffer> {
  for (let at = 0; at < raw.length; at += BLOCK_BYTES) {
    told.onBlock()
    yield raw.subarray(at, at + BLOCK_BYTES)
  }
  told.onEnd()
}

async function dial(address: { host: string; port: number }, ms: number, signal: AbortSignal): Promise<Socket> {
  const socket = connect(address)
  socket.on('error', () => undefined)
  try {
    await within<undefined>(ms, 'no connection', signal, (done, fail) => {
      socket.once('error', fail)
      socket.once('connect', () => done(undefined))
    })
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** Runs `stage` until it is done, fails, is aborted, or its time is over; `restart` gives it another time. */
async function within<Result>(
  ms: number,
  late: string,
  signal: AbortSignal,
  stage: (
    done: (result: Result) => void,
    fail: (error: Error) => void,
    restart: (ms: number, late: string) => void,
  ) => void,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  let abort = (): void => undefined
  try {
    return await new Promise<Result>((resolve, reject) => {
      const restart = (time: number, words: string): void => {
        clearTimeout(timer)
        timer = setTimeout(() => reject(new Error(`${words} within ${time / 1_000} s`)), time)
      }
      restart(ms, late)
      abort = () => reject(new Error('given up: all stages together took too long'))
      // One listener for each send under way is no leak.
      setMaxListeners(0, signal)
      signal.addEventListener('abort', abort)
      if (signal.aborted) abort()
      else stage(resolve, reject, restart)
    })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}
