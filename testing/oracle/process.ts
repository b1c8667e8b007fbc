import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { setImmediate as turn } from 'node:timers/promises'
import type { Outgoing, SendResult } from '../../channels/sender.ts'
import type { Database } from '../../store/postgres/database.ts'
import type { RunActivities } from '../../workflows/run-activities.ts'
import { TestWorker } from '../fixtures/activities.ts'
import type { Account } from './account.ts'
import { isDeath, MortalStore, ProcessDied } from './mortal.ts'
import { resultOf, type ProviderAnswer } from './provider.ts'
import type { Try } from './tries.ts'

/**
 * What becomes of the next activity. `ends`: it runs to its end. `unheard`: so does it, but its answer gets lost. `dies`:
 * its process is gone after so many calls of the store. `hangs`: each of its sends lasts until it is let go.
 */
export type Fate = { answers: ProviderAnswer[] } & (
  { kind: 'ends' | 'unheard' | 'hangs' } | { kind: 'dies'; after: number }
)

/** A send that lasts. */
interface Hanging {
  begun: Try
  letGo: () => void
}

/** An activity under way. */
export interface Attempt {
  /** Undefined if its process died, or it was stopped before it could answer. */
  readonly result: Promise<unknown>
  readonly isOver: () => boolean
  /** Told to stop, as when it has worked for as long as it may: it answers, and what is being sent goes on. */
  readonly stop: () => void
}

const quiet = new DefaultLogger('ERROR')

/** One worker process with real activities, on a store and before a provider that are played. */
export class WorkerProcess {
  readonly hanging: Hanging[] = []
  fate: Fate = { kind: 'ends', answers: ['sent'] }
  readonly #store: MortalStore
  readonly #worker: TestWorker
  readonly #account: Account
  readonly #now: () => number
  #activities!: RunActivities
  #sends = 0

  private constructor(db: Database, account: Account, now: () => number) {
    this.#store = new MortalStore(db)
    this.#account = account
    this.#now = now
    this.#worker = new TestWorker(this.#store.db, (message) => this.#send(message), now)
  }

  static async start(db: Database, account: Account, now: () => number): Promise<WorkerProcess> {
    const started = new WorkerProcess(db, account, now)
    started.#activities = await started.#worker.activities()
    return started
  }

  get isDead(): boolean {
    return this.#store.isDead
  }

  run(workflowId: string, name: keyof RunActivities, input: unknown, fate: Fate): Attempt {
    this.fate = fate
    this.#store.left = fate.kind === 'dies' ? fate.after : Infinity
    const env = new MockActivityEnvironment({ workflowExecution: { workflowId, runId: workflowId } }, { logger: quiet })
    const activity = (given: unknown) => (this.#activities[name] as (given: unknown) => Promise<unknown>)(given)
    let over = false
    let isStopped = false
    const result = env
      .run(activity, input)
      .catch((error: unknown) => {
        // Told to stop while it waited for a lease to stand or fall, it fails, and is done by another process.
        if (isDeath(error) || (isStopped && (error as Error).name === 'AbortError')) return undefined
        throw error
      })
      .finally(() => (over = true))
    const stop = () => {
      isStopped = true
      env.cancel()
    }
    // A fault shows where it is awaited.
    result.catch(() => undefined)
    return { result, isOver: () => over, stop }
  }

  /** `work` is done in the middle of the next activity, before the call of the store after so many others. */
  interject(after: number, work: () => Promise<void>): void {
    this.#store.interjection = { after, work }
  }

  /** It is done by now, though the activity made fewer calls. */
  async interjected(): Promise<void> {
    await this.#store.interject()
  }

  /** Resolves when an activity is over, or waits for sends that hang. */
  async still(attempt: Attempt): Promise<'over' | 'hangs'> {
    for (;;) {
      if (this.isDead) this.kill()
      await this.#store.quiet()
      if (attempt.isOver()) return 'over'
      if (this.hanging.length > 0) return 'hangs'
      await turn()
    }
  }

  async letGo(hanging: Hanging): Promise<void> {
    this.hanging.splice(this.hanging.indexOf(hanging), 1)
    hanging.letGo()
    await this.#store.quiet()
  }

  /** Looked at anew after each wait. */
  #isAlive(): boolean {
    return !this.isDead
  }

  /** The process is gone, with all it was at: what it had handed over it never records. */
  kill(): void {
    this.#store.die()
    for (const { begun, letGo } of this.hanging.splice(0)) {
      begun.died = true
      letGo()
    }
  }

  /** Resolves when what was under way has come to nothing. */
  async gone(): Promise<void> {
    await this.#store.quiet()
  }

  async #send(message: Outgoing<unknown>): Promise<SendResult> {
    const { fate } = this
    // Claimed, and gone before the hand-over.
    if (this.isDead || this.#store.left <= 0) throw new ProcessDied('the process is gone')
    const answer = fate.answers[(this.#sends += 1) % fate.answers.length]!
    const begun = await this.#account.sends(message, this.#worker.leases.owner, this.#now(), answer)
    if (fate.kind === 'hangs') await new Promise<void>((letGo) => this.hanging.push({ begun, letGo }))
    if (this.#isAlive()) begun.endedAt = this.#now()
    // The call that records it will not come about, or need not: by now the process may have been given its end.
    if (fate.kind === 'dies' || this.fate.kind === 'dies') begun.died = true
    return resultOf(answer)
  }
}
