import { after, withinYear } from '../steps/delay/delay.ts'
import type { Duration } from '../definitions/step.ts'
import { instantForm, readInstant } from '../store/clock/read-instant.ts'
import type { RecipientReference } from '../store/ids/recipient.ts'
import type { Database } from '../store/postgres/database.ts'
import { moveIn, type Move } from '../store/recipient-runs/move.ts'
import { keysOf } from './cancel.ts'
import type { Caller, EngineDeps } from './deps.ts'
import { dryRun } from './dry-run.ts'
import { invalidField } from './errors.ts'
import { addressOf, knownDefinition } from './run-address.ts'
import { runIdempotent, type Answered, type Done } from './run-idempotent.ts'

/** Where sleeps are moved to: now, an instant in RFC 3339, or a while from now. */
export type MoveTo = 'now' | { until: string } | { for: Duration }

export interface MoveRequest {
  cancelationKey: string
  /** Left out or null: everyone asleep under the key. */
  recipients?: readonly RecipientReference[] | null
  to: MoveTo
}

export type MoveAnswer = Awaited<ReturnType<typeof moveIn>>['answer'] & { dry_run?: true }

/**
 * Moves whoever sleeps under a key of the definition to another instant: the current sleep only, later steps follow from
 * there. Racing the old instant a message goes out once, at one of the two, and the answer says which. With `isDryRun`
 * nothing is changed. Throws `workflow_missing`, `invalid_params` for an instant that is none, past or more than 365 days
 * ahead, and what `runIdempotent` does.
 */
export async function move(
  deps: EngineDeps,
  caller: Caller,
  key: string,
  request: MoveRequest,
  isDryRun = false,
): Promise<Answered<MoveAnswer>> {
  const run = addressOf(await knownDefinition(deps, key), request.cancelationKey)
  const { definition: workflow, cancelationKey, workflowId } = run
  const to: Move['to'] = request.to === 'now' ? 'sent_now' : 'rescheduled'
  const inTransaction = async (tx: Database): Promise<Done<MoveAnswer>> => {
    const now = deps.now()
    // Only when it is no repeat: what was moved once is answered so again, though its instant is past by now.
    const due = dueOf(request.to, now)
    const wish = { workflowId, recipients: await keysOf(tx, request.recipients), workflowRunIds: null, to, due, now }
    const { answer, signal } = await moveIn(tx, { workflow, cancelationKey }, wish)
    const signals = signal === null ? [] : [{ ...run, id: signal.id, kind: 'move' as const, groups: signal.groups }]
    return { answer, signals }
  }
  if (isDryRun) {
    return { answer: await deps.mutex.run(workflowId, () => dryRun(deps.store.db, inTransaction)), repeats: null }
  }
  return runIdempotent(deps, caller, { scope: `${to} ${key}`, request, mutexKey: workflowId, inTransaction })
}

/** Epoch milliseconds of the instant a request names; past ones and those more than 365 days ahead are refused. */
function dueOf(to: MoveTo, now: number): number {
  if (to === 'now') return now
  if ('for' in to) {
    if (!withinYear(to.for)) throw invalidField('delay_for', 'is more than 365 days', 'length')
    return after(now, to.for)
  }
  const read = readInstant(to.until)
  if (read === undefined) throw invalidField('delay_until', `must be ${instantForm}`, 'format')
  const due = read.epochMs
  if (due <= now) throw invalidField('delay_until', `is past: ${read.text}`, 'invalid')
  if (due > after(now, { unit: 'days', value: 365 }))
    throw invalidField('delay_until', 'is more than 365 days ahead', 'length')
  return due
}
