import { randomUUID } from 'node:crypto'
import { nextOccurrence, type Recurrence, type RepeatRule } from '../../schedules/occurrences.ts'
import { firstZone } from '../../steps/delay/zone.ts'
import type { Database } from '../../store/postgres/database.ts'
import { loadRecipients } from '../../store/profiles/recipients.ts'
import { upsertTenants } from '../../store/profiles/tenants.ts'
import { lockSchedules, putSchedules, type ScheduleRow, type WrittenSchedule } from '../../store/schedules/schedules.ts'
import type { JsonObject } from '../../store/schema/index.ts'
import type { Caller, EngineDeps } from '../deps.ts'
import { invalidField } from '../errors.ts'
import { meantRecipients } from '../merged-recipients.ts'
import { storeRecipients } from '../store-profiles.ts'
import type { TriggerRecipient, TriggerRequest } from '../trigger-request.ts'

/** What a schedule is to do, and when. Plain JSON; instants in epoch milliseconds. */
export interface ScheduleRequest {
  workflow: string
  recipient: TriggerRecipient
  actor: TriggerRecipient | null
  tenant: TriggerRequest['tenant']
  data: JsonObject
  cancelationKey: string | null
  scheduledAt: number | null
  endingAt: number | null
  repeats: RepeatRule[]
}

/** What is to be another about schedules; what is left out stays. */
export type ScheduleChange = Partial<Omit<ScheduleRequest, 'workflow' | 'recipient'>>

type Deps = Pick<EngineDeps, 'now' | 'outbox' | 'timeZone'>
type Times = Pick<ScheduleRequest, 'scheduledAt' | 'endingAt' | 'repeats'>

/** Throws `invalid_params` for what would never occur; `within` stands before the names of fields. */
export function checkTimes({ scheduledAt, endingAt, repeats }: Times, now: number, within = ''): void {
  if (repeats.length === 0 && scheduledAt === null)
    throw invalidField(`${within}scheduled_at`, 'must be there where nothing repeats', 'required')
  if (repeats.length === 0 && scheduledAt! <= now) throw invalidField(`${within}scheduled_at`, 'must be in the future')
  if (endingAt !== null && endingAt < (scheduledAt ?? now))
    throw invalidField(`${within}ending_at`, 'comes before the first occurrence could')
  repeats.forEach((rule, place) => {
    const recurrence = { repeats: [rule], zone: 'Etc/UTC', start: now, startGiven: false, end: null }
    if (nextOccurrence(recurrence, now) === null) throw invalidField(`${within}repeats[${place}]`, 'never comes')
  })
}

/** Makes schedules, one a request, and stores first whom they describe; in the caller's transaction. */
export async function createSchedules(
  tx: Database,
  deps: Deps,
  { apiKey }: Pick<Caller, 'apiKey'>,
  given: readonly ScheduleRequest[],
): Promise<ScheduleRow[]> {
  const recipients = await meantRecipients(
    tx,
    given.map(({ recipient }) => recipient),
  )
  const requests = given.map((request, index) => ({ ...request, recipient: recipients[index]! }))
  await storeDescribed(tx, deps, requests)
  const now = deps.now()
  const zones = await zonesOf(
    tx,
    requests.map(({ recipient }) => recipient.key),
    deps.timeZone,
  )
  const written = requests.map(({ recipient, actor, tenant, cancelationKey, ...request }): WrittenSchedule => {
    const zone = zones(recipient.key)
    return {
      ...request,
      id: randomUUID(),
      recipient: recipient.key,
      actor: actor?.key ?? null,
      tenant: tenant?.id ?? null,
      cancelation_key: cancelationKey,
      zone,
      api_key: apiKey,
      nextOccurrenceAt: nextOf({ ...request, zone, insertedAt: now, last: null }, now),
    }
  })
  return putSchedules(tx, written, now)
}

/**
 * Changes those of these schedules that there are, in the caller's transaction; the next occurrence is then the first from
 * now on. Throws `invalid_params` where it would never occur.
 */
export async function changeSchedules(
  tx: Database,
  deps: Deps,
  ids: readonly string[],
  change: ScheduleChange,
): Promise<ScheduleRow[]> {
  await storeDescribed(tx, deps, [change])
  const now = deps.now()
  const rows = await lockSchedules(tx, ids)
  const zones = await zonesOf(
    tx,
    rows.map(({ recipient }) => recipient),
    deps.timeZone,
  )
  const isTimed = change.scheduledAt !== undefined || change.repeats !== undefined || change.endingAt !== undefined
  const written = rows.map((row): WrittenSchedule => {
    const { id, workflow, recipient, scheduled_at, ending_at, last_occurrence_at, inserted_at, api_key } = row
    const times = {
      scheduledAt: change.scheduledAt === undefined ? instant(scheduled_at) : change.scheduledAt,
      endingAt: change.endingAt === undefined ? instant(ending_at) : change.endingAt,
      repeats: change.repeats ?? row.repeats,
    }
    if (isTimed) checkTimes(times, now)
    const zone = zones(row.recipient)
    const given = { ...times, zone, insertedAt: Date.parse(inserted_at), last: instant(last_occurrence_at) }
    return {
      ...{ id, workflow, recipient, api_key },
      ...times,
      zone,
      actor: change.actor === undefined ? row.actor : (change.actor?.key ?? null),
      tenant: change.tenant === undefined ? row.tenant : (change.tenant?.id ?? null),
      data: change.data ?? row.data,
      cancelation_key: change.cancelationKey === undefined ? row.cancelation_key : change.cancelationKey,
      nextOccurrenceAt: nextOf(given, now),
    }
  })
  return putSchedules(tx, written, now)
}

/** When a stored schedule occurs. */
export function recurrenceOf(row: ScheduleRow): Recurrence {
  const { scheduled_at, ending_at, inserted_at, repeats, zone } = row
  const start = instant(scheduled_at)
  return {
    repeats,
    zone,
    start: start ?? Date.parse(inserted_at),
    startGiven: start !== null,
    end: instant(ending_at),
  }
}

/** What occurs once and has not is due, however late it is; what repeats is due from now on. */
function nextOf(given: Times & { zone: string; insertedAt: number; last: number | null }, now: number): number | null {
  const { scheduledAt, endingAt, repeats, zone, insertedAt, last } = given
  const start = scheduledAt ?? insertedAt
  const recurrence = { repeats, zone, start, startGiven: scheduledAt !== null, end: endingAt }
  return nextOccurrence(recurrence, Math.max(repeats.length === 0 ? -Infinity : now, last ?? -Infinity))
}

async function zonesOf(
  tx: Database,
  recipients: readonly string[],
  timeZone: string | undefined,
): Promise<(recipient: string) => string> {
  const properties = await loadRecipients(tx, [...new Set(recipients)])
  return (recipient) => firstZone(properties.get(recipient)?.['timezone'], timeZone)
}

async function storeDescribed(
  tx: Database,
  deps: Deps,
  requests: readonly (Pick<ScheduleChange, 'actor' | 'tenant'> & { recipient?: TriggerRecipient })[],
): Promise<void> {
  const people = requests.flatMap(({ recipient, actor }) => [recipient, actor]).filter((each) => each != null)
  await storeRecipients(tx, people, deps)
  const tenants = requests.flatMap(({ tenant }) =>
    tenant?.described == null ? [] : [{ id: tenant.id, ...tenant.described }],
  )
  if (tenants.length > 0) await upsertTenants(tx, tenants)
}

function instant(text: string | null): number | null {
  return text === null ? null : Date.parse(text)
}
