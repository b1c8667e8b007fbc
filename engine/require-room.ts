import type { Database } from '../store/postgres/database.ts'
import { countRecipients, type LockedRun } from '../store/triggers/triggers.ts'
import type { Acceptance } from '../store/triggers/trigger-rows.ts'
import { invalidField } from './errors.ts'

/** Pending under one key: a cancel of all of them is one verdict. */
const MOST_PENDING = 1_000_000
/** A key that is full is counted so often at most by this process. */
const COUNTED_AGAIN_MS = 60_000
const MOST_KEPT = 1_000

interface Counted {
  pending: number
  at: number
}

/** By store, then by run: of those that were full. A refusal is rolled back, so the store does not keep it. */
const full = new WeakMap<Database, Map<number, Counted>>()

/**
 * Throws `invalid_params` if more would be pending under the key of `run`, whose row is locked, than one may have. Costs
 * nothing below that: the row says how many were accepted, and they are counted only where these are too many.
 */
export async function requireRoom(
  db: Database,
  tx: Database,
  run: LockedRun,
  { recipients, acceptedAt }: Acceptance,
): Promise<void> {
  if (run.recipients + recipients.length <= MOST_PENDING) return
  const pending = countedLately(db, run, acceptedAt) ?? (await countRecipients(tx, run))
  if (pending + recipients.length <= MOST_PENDING) return
  rememberFull(db, run, pending, acceptedAt)
  throw invalidField(
    'cancelation_key',
    `has ${pending} recipients pending, and with these more than 1,000,000: use a key for each thing that may be canceled`,
    'length',
  )
}

function countedLately(db: Database, { id }: LockedRun, now: number): number | undefined {
  const counted = full.get(db)?.get(id)
  return counted !== undefined && Math.abs(now - counted.at) < COUNTED_AGAIN_MS ? counted.pending : undefined
}

function rememberFull(db: Database, run: LockedRun, pending: number, now: number): void {
  const runs = full.get(db) ?? new Map<number, Counted>()
  if (countedLately(db, run, now) !== undefined) return
  if (runs.size >= MOST_KEPT) runs.clear()
  runs.set(run.id, { pending, at: now })
  full.set(db, runs)
}
