import type { DefinitionVersion } from '../definitions/definition.ts'
import { evaluateWalks, shownAs } from '../steps/conditions.ts'
import { loadWalks } from '../steps/load-walks.ts'
import { rowId } from '../store/ids/row-id.ts'
import type { Database } from '../store/postgres/database.ts'
import { insertWalkEvents, type WalkEvent } from '../store/recipient-runs/insert-events.ts'
import { loadRows } from '../store/recipient-runs/load-walks.ts'
import { settleWalksIn } from '../store/recipient-runs/settle-walks.ts'
import type { WalkSettlement } from '../store/recipient-runs/walk-settlement.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { takeFirst, type Beginner } from '../store/triggers/first-runs.ts'
import { acceptedTrigger, type Acceptance, type AcceptedTrigger } from '../store/triggers/trigger-rows.ts'
import { forgetTrigger } from '../store/triggers/triggers.ts'
import type { EngineDeps } from './deps.ts'

/** Recipient runs that are judged at once: what conditions ask of them is in memory. */
const PART = 500

/** Whether a workflow has anything that holds back some of those it is triggered for. */
export function mayHoldBack({ definition }: DefinitionVersion): boolean {
  return definition.conditions !== undefined || definition.frequency !== undefined
}

/**
 * Ends, in the transaction that wrote them, those recipient runs of a trigger that do not begin: first by the conditions
 * of the workflow, then by its frequency, so that who was kept back by the former has not run. Each says why in an event. A
 * trigger in sandbox mode neither asks for the frequency nor counts. Answers the trigger as its run is to be told of it;
 * null: nobody is left.
 */
export async function holdBack(
  tx: Database,
  { outbox }: Pick<EngineDeps, 'outbox'>,
  acceptance: Acceptance,
  inserted: AcceptedTrigger,
): Promise<AcceptedTrigger | null> {
  const { version, recipients, acceptedAt } = acceptance
  if (!mayHoldBack(version)) return inserted
  const { triggerId, signalId } = inserted
  const over = new Set<number>()
  for (let from = 0; from < recipients.length; from += PART) {
    const part = recipients.slice(from, from + PART).map(({ key: recipient }, index) => {
      return { id: rowId(triggerId, from + index), recipient }
    })
    const unfit = await judged(tx, acceptance, part)
    const fit = part.filter(({ id }) => !unfit.has(id))
    const ended = new Map([...unfit, ...(await late(tx, acceptance, fit))])
    const settlements = [...ended].map(([id, data]) =>
      endedAt(id, recipients[id - rowId(triggerId, 0)]!, acceptance, data),
    )
    await settleWalksIn(tx, settlements, acceptedAt, outbox)
    for (const id of ended.keys()) over.add(id)
  }
  if (over.size === recipients.length) {
    await forgetTrigger(tx, inserted)
    return null
  }
  return acceptedTrigger(acceptance, { trigger_id: triggerId, signal_id: signalId }, over)
}

/** Why recipient runs do not begin, by id, as their events tell it. */
type Reasons = Map<number, JsonObject & { reason: string }>

/** Those for whom the conditions of the workflow do not hold; of the others, too, it is kept how they came out. */
async function judged(
  tx: Database,
  { version, acceptedAt: now }: Acceptance,
  rows: readonly Beginner[],
): Promise<Reasons> {
  const reasons: Reasons = new Map()
  const { conditions } = version.definition
  if (conditions === undefined) return reasons
  const walks = await loadWalks(
    tx,
    await loadRows(
      tx,
      rows.map(({ id }) => id),
    ),
    now,
  )
  const judgements = await evaluateWalks(walks, () => conditions, { db: tx, now })
  const held: { id: number; events: WalkEvent[] }[] = []
  walks.forEach(({ row: { id } }, index) => {
    const { result, explanation } = judgements[index]!
    const shown = shownAs(explanation)
    if (!result) reasons.set(id, { ...shown, reason: 'conditions of the workflow do not hold' })
    else
      held.push({ id, events: [{ event: 'workflow_conditions_held', status: 'ok', step: 0, attempt: 1, data: shown }] })
  })
  await insertWalkEvents(tx, held, now)
  return reasons
}

/** Those whose recipient has begun this workflow before, of those it runs for once. */
async function late(
  tx: Database,
  { version, tenant, sandboxMode }: Acceptance,
  rows: readonly Beginner[],
): Promise<Reasons> {
  const { key, frequency } = version.definition
  if (frequency === undefined || sandboxMode || rows.length === 0) return new Map()
  const perTenant = frequency === 'once_per_recipient_per_tenant'
  const earlier = await takeFirst(tx, key, perTenant ? (tenant ?? '') : '', rows)
  const reason = `runs once for each recipient${perTenant ? ' and tenant' : ''}, and has begun before`
  return new Map([...earlier].map(([id, workflowRunId]) => [id, { reason, workflow_run_id: workflowRunId }]))
}

function endedAt(
  id: number,
  { step, phase, due }: Acceptance['recipients'][number],
  { acceptedAt }: Acceptance,
  data: JsonObject & { reason: string },
): WalkSettlement {
  const place = { step, phase, enteredAt: acceptedAt, due }
  const event: WalkEvent = { event: 'workflow_skipped', status: 'ok', step, attempt: 1, data }
  const nothing = { errors: 0, state: null, messages: [] }
  return { id, revision: 1, status: 'ended', ...place, ...nothing, reason: data.reason, events: [event] }
}
