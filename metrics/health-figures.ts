import type { Client } from '@temporalio/client'
import type { Database } from '../store/postgres/database.ts'
import { storeFigures, type StoreFigures } from '../store/runs/figures.ts'
import { lookAtTemporal, type TemporalFigures } from '../temporal/look.ts'
import { Cached } from './cached.ts'

/** Scrapes of several servers, and every look of a balancer, share one question. */
const EVERY_MS = 10_000
/** A scrape waits so long for the store and for Temporal, which are asked side by side. */
const DEADLINE_MS = 2_000

export interface HealthFiguresOptions {
  db: Database
  /** The store's clock, epoch milliseconds. */
  now: () => number
  client: Client
  /** From how late on something counts as overdue. */
  overdueMs: number
}

/** How things stand in the store and in Temporal, as metrics and `/readyz` tell it. */
export class HealthFigures {
  readonly store: Cached<StoreFigures>
  readonly temporal: Cached<TemporalFigures>
  readonly #overdueMs: number

  constructor({ db, now, client, overdueMs }: HealthFiguresOptions) {
    this.#overdueMs = overdueMs
    const how = { everyMs: EVERY_MS, deadlineMs: DEADLINE_MS }
    this.store = new Cached(() => storeFigures(db, now(), overdueMs), how)
    this.temporal = new Cached(() => lookAtTemporal(client, DEADLINE_MS), how)
  }

  /** Waits for what is being asked: the connections are closed after it. */
  async close(): Promise<void> {
    await Promise.all([this.store.close(), this.temporal.close()])
  }

  /** What an operator must act on, as sentences, by what was seen last; asks anew behind the caller's back. */
  warnings(): string[] {
    const store = this.store.peek()?.value
    const temporal = this.temporal.peek()?.value
    const told: string[] = []
    const overdue = (store?.overdueRecipientRuns ?? 0) + (store?.overdueMessages ?? 0)
    if (overdue > 0) {
      const longest = Math.round(store!.longestOverdueSeconds)
      told.push(
        `${overdue} recipient runs or messages are overdue by more than ${this.#overdueMs / 1_000} s, the longest by ${longest} s: see BelayOverdue in docs/operations.md`,
      )
    }
    const failing = temporal?.failingRuns ?? 0
    if (failing > 0) {
      told.push(`${failing} runs fail again and again in Temporal: see BelayRunsFail in docs/operations.md`)
    }
    const missing = temporal?.missingAttributes ?? []
    if (missing.length > 0) {
      told.push(`the namespace lacks the search attributes ${missing.join(', ')}, so no run starts: npm run migrate`)
    }
    return told
  }
}
