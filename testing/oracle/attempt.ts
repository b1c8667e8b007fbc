// @ts-nocheck: of the first shape, being rewritten
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { pino } from 'pino'
import type { Outgoing, SendResult } from '../../channels/sender.ts'
import type { Senders } from '../../channels/senders.ts'
import { createDeliver } from '../../activities/deliver.ts'
import type { Database } from '../../store/postgres/database.ts'
import { noOutbox } from '../../events/outbox.ts'
import type { DeliverInput, DeliverResult } from '../../workflows/messages.ts'

/** What a provider makes of a send. */
export const answers = ['sent', 'sent', 'sent', 'not_taken', 'not_taken', 'refused', 'not_sent'] as const
export type ProviderAnswer = (typeof answers)[number]

/**
 * What becomes of an attempt. `ends`: it runs to its end. `unheard`: so does it, but its answer gets lost. `dies`: its
 * worker is gone after so many calls of the store. `hangs`: it stays in each send until it is let go.
 */
export type Fate = { answers: ProviderAnswer[] } & (
  { kind: 'ends' | 'unheard' | 'hangs' } | { kind: 'dies'; after: number }
)

export interface Attempted {
  messageId: string
  answer: ProviderAnswer
}

const quiet = new DefaultLogger('ERROR')
const log = pino({ level: 'silent' })

class WorkerDied extends Error {}

class Gate {
  open: () => void = () => undefined
  readonly opened = new Promise<void>((resolve) => (this.open = resolve))
}

/** The real deliver, once, on a worker that may die or hang, through a provider that is not there. */
export class Attempt {
  /** Undefined if its worker died. */
  readonly result: Promise<DeliverResult | undefined>
  readonly sends: Attempted[] = []
  readonly #fate: Fate
  readonly #told: (send: Attempted) => void
  #hangs = new Gate()
  #released = new Gate()
  #calls = 0
  readonly #underWay: Promise<unknown>[] = []

  constructor(
    db: Database,
    activity: { workflowId: string; activityId: string; attempt: number; input: DeliverInput },
    fate: Fate,
    told: (send: Attempted) => void,
  ) {
    this.#fate = fate
    this.#told = told
    const { workflowId, activityId, attempt, input } = activity
    const workflowExecution = { workflowId, runId: workflowId }
    const env = new MockActivityEnvironment({ activityId, attempt, workflowExecution }, { logger: quiet })
    const deliver = createDeliver({ db: this.#mortal(db), senders: this.#senders(), outbox: noOutbox, log })
    const ended = env.run<[DeliverInput], DeliverResult, typeof deliver>(deliver, input)
    this.result = ended.catch(async (error: unknown) => {
      // The model is alone with the store once the attempt has ended.
      await Promise.allSettled(this.#underWay)
      for (let cause = error; cause instanceof Error; cause = cause.cause) {
        if (cause instanceof WorkerDied) return undefined
      }
      throw error
    })
    // A fault shows where the attempt is awaited.
    this.result.catch(() => undefined)
  }

  /** Resolves when it has ended, or hangs. */
  async still(): Promise<'ended' | 'hangs'> {
    return Promise.race([this.#hangs.opened.then(() => 'hangs' as const), this.result.then(() => 'ended' as const)])
  }

  /** Goes on: to its end, or to its next send. */
  letGo(): void {
    const released = this.#released
    this.#hangs = new Gate()
    this.#released = new Gate()
    released.open()
  }

  get #isDead(): boolean {
    return this.#fate.kind === 'dies' && this.#calls > this.#fate.after
  }

  /** Statements under way when the worker dies are carried out: nobody hears of it. */
  #mortal(db: Database): Database {
    return new Proxy(db, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          this.#calls += 1
          if (this.#isDead) throw new WorkerDied()
          const answer: unknown = Reflect.apply(value, target, args)
          if (name !== 'execute' && name !== 'transaction') return answer
          // Drizzle sends a statement when it is awaited, and again each time.
          const carriedOut = Promise.resolve(answer)
          this.#underWay.push(carriedOut)
          return carriedOut
        }
      },
    })
  }

  #senders(): Senders {
    const sender = {
      // One at a time where it hangs: nothing else is under way then.
      concurrency: this.#fate.kind === 'hangs' ? 1 : 5,
      timeoutMs: 60_000,
      send: (message: Outgoing<unknown>) => this.#send(message),
      close: () => Promise.resolve(),
    }
    return { email: sender, http: sender, sms: sender, push: sender, chat: sender, close: () => Promise.resolve() }
  }

  async #send({ messageId }: Outgoing<unknown>): Promise<SendResult> {
    // The last call it lived for was the claim.
    if (this.#fate.kind === 'dies' && this.#calls >= this.#fate.after) throw new WorkerDied()
    const answer = this.#fate.answers[this.sends.length % this.#fate.answers.length]!
    const send = { messageId, answer }
    this.sends.push(send)
    this.#told(send)
    if (this.#fate.kind === 'hangs') {
      this.#hangs.open()
      await this.#released.opened
    }
    return answer === 'sent' ? { kind: answer } : { kind: answer, reason: 'the provider says so' }
  }
}
