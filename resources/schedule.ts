import { z } from 'zod'
import { weekdays } from '../steps/delay/weekdays.ts'
import type { ScheduleRow } from '../store/schedules/schedules.ts'
import { jsonObject } from './json-object.ts'
import { recipient, recipientOf, type Profile } from './recipient.ts'

const instant = z.string().nullable()

const repeat = z
  .object({
    __typename: z.literal('ScheduleRepeat'),
    frequency: z.enum(['hourly', 'daily', 'weekly', 'monthly']),
    interval: z.int(),
    days: z.array(z.enum(weekdays)).nullable(),
    day_of_month: z.int().nullable(),
    hours: z.int().nullable(),
    minutes: z.int().nullable(),
  })
  .meta({ id: 'ScheduleRepeat' })

export const schedule = z
  .object({
    __typename: z.literal('Schedule'),
    id: z.uuid(),
    workflow: z.string(),
    recipient,
    actor: z.union([recipient, z.null()]),
    tenant: z.string().nullable(),
    data: jsonObject,
    cancelation_key: z.string().nullable().describe('Of what it triggers'),
    cancellation_key: z.string().nullable(),
    repeats: z.array(repeat).describe('Empty: it occurs once'),
    scheduled_at: instant,
    ending_at: instant,
    last_occurrence_at: instant,
    next_occurrence_at: instant.describe('Null: none is to come'),
    inserted_at: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: 'Schedule', description: 'Triggers of a workflow to come, once or again and again, for one recipient' })

/** `profileOf` knows recipient and actor by their keys. */
export function scheduleOf(row: ScheduleRow, profileOf: (key: string) => Profile | null): z.input<typeof schedule> {
  const { id, workflow, tenant, data, scheduled_at, ending_at, last_occurrence_at, next_occurrence_at } = row
  return {
    __typename: 'Schedule',
    id,
    workflow,
    recipient: recipientOf(row.recipient, profileOf(row.recipient), row.inserted_at),
    actor: row.actor === null ? null : recipientOf(row.actor, profileOf(row.actor), row.inserted_at),
    tenant,
    data,
    cancelation_key: row.cancelation_key,
    cancellation_key: row.cancelation_key,
    repeats: row.repeats.map((rule) => ({ __typename: 'ScheduleRepeat', ...rule })),
    scheduled_at,
    ending_at,
    last_occurrence_at,
    next_occurrence_at,
    inserted_at: row.inserted_at,
    updated_at: row.updated_at,
  }
}
