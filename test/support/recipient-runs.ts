import { v4 as uuid } from 'uuid'
import type { DefinitionVersion } from '../../definitions/definition.ts'
import { cancelIn, type Cancel, type Canceled } from '../../store/cancel.ts'
import { transaction, type Database } from '../../store/database.ts'
import { claim, type Holder, type NewMessage } from '../../store/claims.ts'
import { loadRows, type DeliveryRow } from '../../store/deliveries.ts'
import { settle, type Settlement } from '../../store/settle.ts'
import { rowId } from '../../store/row-id.ts'
import type { Acceptance, AcceptedTrigger } from '../../store/trigger-rows.ts'
import { insertTrigger, lockRun } from '../../store/triggers.ts'
import { workflowIdOf } from '../../store/workflow-id.ts'
import { emailChannel, feedChannel } from './seed.ts'

export interface Accepted extends AcceptedTrigger {
  workflowRunId: string
  /** Row ids in the order of the recipients. */
  rows: number[]
  joined: boolean
}

/** Accepts a trigger as the api does: it joins who is pending under its key. Everybody is due at the first step. */
export async function accept(
  db: Database,
  version: DefinitionVersion,
  key: string | null,
  recipients: string[],
  given: Partial<Acceptance> = {},
): Promise<Accepted> {
  const workflowRunId = uuid()
  const acceptedAt = given.acceptedAt ?? Date.now()
  return transaction(db, async (tx) => {
    const run = key === null ? null : await lockRun(tx, version.definition.key, key)
    const joined = run !== null && run.pendingTrigger !== null
    const acceptance = {
      version,
      workflowRunId,
      cancelationKey: key,
      recipients: recipients.map((recipient) => ({ key: recipient, triggerData: null, step: 0, due: acceptedAt })),
      actor: null,
      tenant: null,
      data: {},
      skipDelay: false,
      sandboxMode: false,
      apiKey: 'test',
      acceptedAt,
      ...given,
    }
    const accepted = await insertTrigger(tx, run, acceptance, joined)
    const rows = acceptance.recipients.map((_recipient, place) => rowId(accepted.triggerId, place))
    return { ...accepted, workflowRunId, rows, joined }
  })
}

/** Cancels as the api does; everyone of the key's generation, unless told otherwise. */
export async function cancel(
  db: Database,
  { definition }: DefinitionVersion,
  key: string,
  given: Partial<Cancel> = {},
): Promise<Canceled> {
  const request = { recipients: null, workflowRunIds: null, archiveSent: false, apiKey: 'test', reason: null }
  const workflowId = workflowIdOf(definition.key, { cancelationKey: key })
  return transaction(db, (tx) =>
    cancelIn(
      tx,
      { workflow: definition.key, cancelationKey: key },
      { workflowId, now: Date.now(), ...request, ...given },
    ),
  )
}

export async function rowNow(db: Database, id: number): Promise<DeliveryRow> {
  const [row] = await loadRows(db, [id])
  return row!
}

export const holder = (attempt = 1, claim = 'execution:1'): Holder => ({ claim, attempt })

/** Of a version whose step `mail` is a mail and whose other channel steps are in-app. */
export function newMessage({ definition }: DefinitionVersion, step: number): NewMessage {
  const { ref } = definition.steps[step]!
  return ref === 'mail'
    ? { step, stepRef: ref, channelId: emailChannel.id, content: { subject_line: 'Hello' } }
    : { step, stepRef: ref, channelId: feedChannel.id, content: { blocks: [] } }
}

/** The row's step was delivered, and the next one is due; or the recipient run is over, where there is none. */
export function delivered(version: DefinitionVersion, row: DeliveryRow, given: Partial<Settlement> = {}): Settlement {
  const message = { ...newMessage(version, row.step), recipient: row.recipient, reason: null, externalId: null }
  const next = version.definition.steps.findIndex((step, i) => i > row.step && step.type === 'channel')
  return {
    id: row.id,
    revision: row.revision,
    status: next === -1 ? 'ended' : 'waiting',
    step: next === -1 ? row.step : next,
    due: row.due + 1_000,
    attempt: 0,
    sent: 1,
    errors: 0,
    reason: null,
    message: { ...message, status: 'delivered' },
    ...given,
  }
}

/** The row's step failed and is to be tried again. */
export function toRetry(version: DefinitionVersion, row: DeliveryRow): Settlement {
  const { message } = delivered(version, row)
  const again = { status: 'waiting', step: row.step, attempt: row.attempt + 1, sent: 0 } as const
  return delivered(version, row, { ...again, message: { ...message!, status: 'queued', reason: 'busy' } })
}

/** Delivers steps, one after the other, by the fast path: claim and settlement in one. */
export async function deliver(db: Database, version: DefinitionVersion, id: number, times = 1): Promise<void> {
  for (let i = 0; i < times; i += 1) await settle(db, [delivered(version, await rowNow(db, id))], null, Date.now())
}

/** Claims the row's step, as a worker does just before it sends. */
export async function claimRow(
  db: Database,
  version: DefinitionVersion,
  id: number,
  by: Holder = holder(),
): Promise<boolean> {
  const row = await rowNow(db, id)
  return claim(db, row, newMessage(version, row.step), by, Date.now())
}
