import { z } from 'zod'
import { matchConditionsField } from '../../conditions/field.ts'
import { durationUnits, type WaitStep } from '../../definitions/step.ts'
import { dependent, object, oneOf } from '../../definitions/fields.ts'
import { isUnitAlone, isUnset } from '../../json/is-unset.ts'
import type { Remark } from '../../definitions/problem.ts'
import { engagementActions } from '../../store/messages/engagement.ts'
import { LOOK_BACK_DAYS } from '../../store/waits/load-offers.ts'
import { withinYear } from '../delay/delay.ts'
import { stepFields, type StepFile } from '../step-file.ts'
import { neverSaid } from './event.ts'

/** Events of each kind that can come. A caller's own may have any name. */
const names: Readonly<Record<string, readonly string[]>> = {
  message: engagementActions,
  workflow: ['completed', 'error', 'cancelled'],
  recipient: ['updated'],
}
const refused: Readonly<Record<string, string>> = {
  audience: 'audiences are not supported: post an event of your own to /v1/events, and wait for event_type "event"',
}
/** A source's events come as a caller's own do: by POST /v1/events. */
const isOwn = (type: string) => type === 'event' || type === 'integration_source'
const same: Readonly<Record<string, string>> = { canceled: 'cancelled', failed: 'error' }

const key = z.string().min(1, 'must not be empty').max(255, 'has more than 255 characters')
const eventShape = {
  event_type: z.string().superRefine((type, issues) => {
    const message = refused[type] ?? `must be one of event, ${Object.keys(names).join(', ')}`
    if (!isOwn(type) && names[type] === undefined) issues.addIssue({ code: 'custom', message })
  }),
  event_key: key.transform((name) => same[name] ?? name),
  source_type: oneOf(['workflow'], 'must be workflow'),
  source_key: z.string().nullish(),
  audience_key: z.unknown().optional(),
  integration_source_key: z.unknown().optional(),
}
const event = dependent(eventShape, ({ event_type: type = '', event_key: name = '', source_key: source }, tell) => {
  const known = names[type]
  if (known !== undefined && !known.includes(name))
    tell(['event_type', 'event_key'], ['event_key'], `must be one of ${known.join(', ')}`)
  if (type === 'workflow' && !source)
    tell(['event_type', 'source_key'], ['source_key'], 'is missing: the workflow whose runs it waits for')
})

const duration = object({
  unit: z.enum(durationUnits, { error: `must be one of ${durationUnits.join(', ')}` }),
  value: z.int('must be a whole number').min(1, 'must be 1 or more'),
})
/** Absent, null and empty are the same, and so is a unit without a number. */
const orUnset = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((given) => (isUnset(given) || isUnitAlone(given) ? null : given), schema.nullish())

const outcome = oneOf(['continue', 'halt'], 'must be continue or halt')
const lookBackMost = { seconds: 86_400, minutes: 1_440, hours: 24, days: 1, weeks: 0, months: 0 }

const shape = {
  event,
  expires_after: orUnset(duration.refine(withinYear, 'is more than 365 days')),
  match_conditions: matchConditionsField(),
  on_match: outcome,
  on_timeout: outcome,
  look_back: orUnset(
    duration.refine(
      ({ unit, value }) => value <= LOOK_BACK_DAYS * lookBackMost[unit] || (unit === 'weeks' && value === 1),
      { error: `is more than ${LOOK_BACK_DAYS} days` },
    ),
  ),
}
const settings = dependent(shape, ({ event: given, look_back: lookBack }, tell) => {
  if (!lookBack || given === undefined || isOwn(given.event_type)) return
  const message = 'is for events of your own, as POST /v1/events takes them: event_type "event"'
  tell(['event', 'look_back'], ['look_back'], message)
})

/** What of an event says nothing beside its type. */
function idleFields(given: z.output<typeof event>, kind: string): Remark[] {
  const { event_type: type, source_type, source_key, audience_key, integration_source_key } = given
  const isOfWorkflow = type === 'message' || type === 'workflow'
  const ofOthers = {
    ...(!isOfWorkflow && { source_type, source_key }),
    ...(type !== 'integration_source' && { integration_source_key }),
    audience_key,
  }
  const message = `is ignored: it says nothing where event_type is ${kind}`
  return Object.entries(ofOthers).flatMap(([name, value]) =>
    isUnset(value) ? [] : [{ at: ['settings', 'event', name], message }],
  )
}

const schema = object({ ...stepFields, type: z.literal('wait_for_event'), settings }).transform((file) => {
  const { event, expires_after: expires, match_conditions: match, look_back: lookBack } = file.settings
  const source = event.event_type === 'message' || event.event_type === 'workflow' ? event.source_key : null
  const eventKind = isOwn(event.event_type)
    ? ('event' as const)
    : (event.event_type as 'message' | 'workflow' | 'recipient')
  return {
    type: file.type,
    ref: file.ref,
    name: file.name ?? file.ref,
    conditions: file.conditions,
    eventKind,
    eventName: event.event_key,
    source: source ? source : null,
    expires: expires ?? { unit: 'minutes' as const, value: 15 },
    matchConditions: match,
    haltsOnMatch: file.settings.on_match === 'halt',
    haltsOnTimeout: (file.settings.on_timeout ?? 'halt') === 'halt',
    lookBack: lookBack ?? null,
    idle: [
      ...idleFields(event, eventKind),
      ...neverSaid(eventKind, match).map(({ name, known }) => ({
        at: ['settings', 'match_conditions'],
        message: `reads event.${name}, which an event of kind ${eventKind} does not have: it has ${known}`,
      })),
    ],
  }
})

/** A step that waits for an event, as workflow.json has it. */
export const waitFile: StepFile<WaitStep, z.output<typeof schema>> = {
  schema: () => schema,
  compile: ({ matchConditions, ...read }, { next }) => ({
    ...read,
    ...(matchConditions !== null && { matchConditions }),
    next,
  }),
}
