import { WorkflowNotFoundError, type Client } from '@temporalio/client'
import type { Logger } from 'pino'
import { setTimeout as delay } from 'node:timers/promises'
import { SettingsError } from '../settings/settings.ts'
import { storeIdentity } from '../store/environment/store-identity.ts'
import { beginEpoch } from '../store/environment/store-mark.ts'
import type { Database } from '../store/postgres/database.ts'
import { STORE_MARK, type StoreIdentity, type StoreMark } from '../workflows/store-identity.ts'
import { DEADLINE_MS } from './send.ts'

export const HOUSEKEEPING_ID = 'belay-housekeeping'
const LOOK_MS = 30_000

export interface DeploymentOptions {
  client: Client
  db: Database
  log: Pick<Logger, 'warn' | 'error'>
}

/**
 * Watches that store and namespace belong together. The housekeeping workflow of a namespace tells whose it is, and how far
 * that store had come: a store behind that was restored from a backup, and begins a new epoch here. One of another
 * deployment is left alone: nothing may be sent to its runs.
 */
export class Deployment {
  /** Of this process's store. It stays the same object: its epoch is brought up to date at each look. */
  readonly identity: StoreIdentity
  /** For an operator, while the namespace or the database is another deployment's. */
  warning: string | undefined
  readonly #options: DeploymentOptions
  #timer: NodeJS.Timeout | undefined

  private constructor(options: DeploymentOptions, identity: StoreIdentity) {
    this.#options = options
    this.identity = identity
  }

  static async of(options: DeploymentOptions): Promise<Deployment> {
    return new Deployment(options, await storeIdentity(options.db))
  }

  /** Looks once. Rejects where Temporal does not answer within 2 s, or the store does not. */
  async look(): Promise<void> {
    const { client, db, log } = this.#options
    const { namespace } = client.options
    const found = await readMark(client)
    if (found !== undefined && found.mark.id === this.identity.id) {
      const begun = await beginEpoch(db, found.mark)
      if (begun !== undefined) {
        log.warn({ epoch: begun.epoch }, 'the store was restored from a backup: its runs read it again')
      }
    }
    const { id, epoch } = await storeIdentity(db)
    const { warning } = this
    this.warning =
      id !== this.identity.id
        ? 'the database is not the one this process was started with: nothing is told to Temporal'
        : found !== undefined && found.isOpen && found.mark.id !== id
          ? `the namespace ${namespace} belongs to another deployment (store ${found.mark.id}, this is ${id}): nothing is told to it`
          : undefined
    if (this.warning === undefined) this.identity.epoch = epoch
    else if (this.warning !== warning) log.error(this.warning)
  }

  /** Looks, and throws a SettingsError where a process must not start. Rejects as `look` does. */
  async require(): Promise<void> {
    await this.look()
    this.assertOurs()
  }

  /** Throws a SettingsError where the last look found that a process must not start: its namespace is another deployment's. */
  assertOurs(): void {
    if (this.warning === undefined) return
    throw new SettingsError(
      `TEMPORAL_NAMESPACE: ${this.warning}; give each deployment a namespace of its own. ` +
        `To take this one over, terminate ${HOUSEKEEPING_ID} in it`,
    )
  }

  /** Looks again every half minute. What fails meanwhile is found out by the next look. */
  watch(): void {
    this.#timer = setInterval(() => void this.look().catch(() => undefined), LOOK_MS)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

/** What the namespace's housekeeping says of its store; undefined where there is none, or it says nothing. Takes 2 s at most. */
export async function readMark(client: Client): Promise<{ mark: StoreMark; isOpen: boolean } | undefined> {
  const late = new AbortController()
  // A native connection tries a refused call again past its deadline.
  const tooLate = delay(DEADLINE_MS, undefined, { signal: late.signal, ref: false }).then(() => {
    throw new Error(`Temporal did not answer within ${DEADLINE_MS} ms`)
  })
  tooLate.catch(() => undefined)
  const asked = client.connection.withDeadline(Date.now() + DEADLINE_MS, () =>
    client.workflow.getHandle(HOUSEKEEPING_ID).describe(),
  )
  try {
    const { memo, status } = await Promise.race([asked, tooLate])
    const mark = memo?.[STORE_MARK] as StoreMark | undefined
    return mark === undefined ? undefined : { mark, isOpen: status.name === 'RUNNING' }
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined
    throw error
  } finally {
    late.abort()
  }
}
