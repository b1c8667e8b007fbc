import { z } from 'zod'
import { recipientRequest } from '../../engine/recipient-request.ts'
import type { ScheduleChange, ScheduleRequest } from '../../engine/schedules/write-schedules.ts'
import { tenantOfTrigger } from '../../engine/tenant-request.ts'
import { boundedList } from '../../resources/bounded-list.ts'
import { workflowKey } from '../../resources/ids.ts'
import { instant } from '../../resources/instant.ts'
import { jsonObject } from '../../resources/json-object.ts'
import type { RepeatRule } from '../../schedules/occurrences.ts'
import { weekdays } from '../../steps/delay/weekdays.ts'
import { keyFields, keyOf, oneKey } from './cancelation-key.ts'

/** Schedules that one call makes, changes or deletes. */
export const MAX_SCHEDULES = 100
const MAX_RULES = 20
const MAX_DATA_BYTES = 262_144

const whole = (from: number, until: number) =>
  z
    .number()
    .int()
    .min(from, `must be ${from} to ${until}`)
    .max(until, `must be ${from} to ${until}`)
    .nullish()
    .transform((given) => given ?? null)

const days = z
  .union([z.array(z.enum(weekdays)).max(7, 'has more than 7 values'), z.enum(['weekdays', 'weekends'])])
  .nullish()
  .transform((given) => {
    if (given === undefined || given === null || given.length === 0) return null
    if (typeof given !== 'string') return weekdays.filter((day) => given.includes(day))
    return given === 'weekdays' ? weekdays.slice(0, 5) : weekdays.slice(5)
  })

const repeat = z
  .object({
    frequency: z.enum(['hourly', 'daily', 'weekly', 'monthly']),
    interval: whole(1, 366).describe('Of each so many hours, days, weeks or months one'),
    days,
    day_of_month: whole(1, 31).describe('A month without that day is passed over'),
    hours: whole(0, 23),
    minutes: whole(0, 59),
  })
  .transform(({ interval, ...rule }): RepeatRule => ({ ...rule, interval: interval ?? 1 }))

const data = jsonObject.refine((given) => Buffer.byteLength(JSON.stringify(given)) <= MAX_DATA_BYTES, {
  message: 'must be at most 256 kB as JSON',
  params: { type: 'length' },
})

const times = {
  scheduled_at: instant.nullish().describe('When it occurs, or with repeats the first instant at which it may'),
  ending_at: instant.nullish().describe('It occurs no more after that'),
  repeats: boundedList(repeat, { max: MAX_RULES }).nullish(),
}

const about = {
  workflow: workflowKey,
  actor: recipientRequest.nullish(),
  tenant: tenantOfTrigger.nullish(),
  data: data.nullish(),
  ...keyFields,
  ...times,
}

export const scheduleCreate = z
  .object({
    recipients: boundedList(recipientRequest, {
      min: 1,
      max: MAX_SCHEDULES,
      tooFew: 'must name at least one recipient',
      tooMany: `names more than ${MAX_SCHEDULES}`,
    }),
    ...about,
  })
  .superRefine(oneKey)

/** One of a bulk call. */
export const scheduleOfBulk = z.object({ recipient: recipientRequest, ...about }).superRefine(oneKey)

export const scheduleIds = boundedList(z.uuid(), {
  min: 1,
  max: MAX_SCHEDULES,
  tooFew: 'names no schedule',
  tooMany: `names more than ${MAX_SCHEDULES}`,
})

export const scheduleUpdate = z
  .object({
    schedule_ids: scheduleIds,
    actor: about.actor,
    tenant: about.tenant,
    data: about.data,
    ...keyFields,
    ...times,
  })
  .superRefine(oneKey)

type Recipient = z.output<typeof recipientRequest>

/** What a body asks for one of its recipients. */
export function scheduleRequestOf(
  body: Omit<z.output<typeof scheduleOfBulk>, 'recipient'>,
  recipient: Recipient,
): ScheduleRequest {
  const { workflow, actor, tenant, data, scheduled_at, ending_at, repeats } = body
  return {
    workflow,
    recipient,
    actor: actor ?? null,
    tenant: tenant ?? null,
    data: data ?? {},
    cancelationKey: keyOf(body),
    scheduledAt: msOf(scheduled_at) ?? null,
    endingAt: msOf(ending_at) ?? null,
    repeats: repeats ?? [],
  }
}

/** What is to be another; a field left out stays, null clears. */
export function scheduleChangeOf(body: z.output<typeof scheduleUpdate>): ScheduleChange {
  const { actor, tenant, data, scheduled_at, ending_at, repeats } = body
  const isKeyed = body.cancelation_key !== undefined || body.cancellation_key !== undefined
  return {
    actor,
    tenant,
    data: data === null ? {} : data,
    cancelationKey: isKeyed ? keyOf(body) : undefined,
    scheduledAt: msOf(scheduled_at),
    endingAt: msOf(ending_at),
    repeats: repeats === null ? [] : repeats,
  }
}

function msOf(text: string | null | undefined): number | null | undefined {
  return typeof text === 'string' ? Date.parse(text) : text
}
