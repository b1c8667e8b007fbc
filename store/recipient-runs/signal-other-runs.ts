import { sql } from 'drizzle-orm'
import type { LockedMessage } from '../messages/lock-messages.ts'
import { at, json, type Database } from '../postgres/database.ts'
import { lanesOf } from './lane-rows.ts'
import type { LockedRow } from './lock-recipient-runs.ts'

/** The run in which the messages of a row sleep, by row: those of a batch sleep in its carrier's. */
export function runsOf(rows: readonly LockedRow[]): Map<number, number> {
  const runs = new Map<number, number>()
  for (const { batch } of rows) if (batch !== null) runs.set(batch.carrier, batch.runId)
  return runs
}

/** Leaves a signal for each other run in which messages slept that were taken back with the last activity of a batch. */
export async function signalOtherRuns(
  tx: Database,
  takenBack: readonly LockedMessage[],
  runOf: ReadonlyMap<number, number>,
  { apiKey, reason, now }: { apiKey: string; reason: string | null; now: number },
): Promise<void> {
  const byRun = new Map<number, LockedMessage[]>()
  for (const message of takenBack) {
    const runId = runOf.get(message.recipientRunId)!
    byRun.set(runId, [...(byRun.get(runId) ?? []), message])
  }
  if (byRun.size === 0) return
  const signals = [...byRun].map(([r, messages]) => ({ r, l: lanesOf([], messages) }))
  await tx.execute(
    sql`insert into pending_signals (run_id, kind, lanes, "by", reason, created_at)
        select x.r, 'cancel', x.l, ${apiKey}, ${reason}, ${at(now)}
        from jsonb_to_recordset(${json(signals)}) as x(r bigint, l jsonb)`,
  )
}
