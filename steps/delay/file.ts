import { z } from 'zod'
import { parsePath } from '../../conditions/path.ts'
import { durationUnits, type DelayStep, type Duration } from '../../definitions/step.ts'
import { dependent, object } from '../../definitions/fields.ts'
import { isUnitAlone, isUnset } from '../../json/is-unset.ts'
import type { Remark } from '../../definitions/problem.ts'
import { stepFields, type StepFile } from '../step-file.ts'
import { zodErrorMap } from '../../settings/zod-error-map.ts'
import { withinYear } from './delay.ts'
import { isRule } from './dynamic-value.ts'
import { readWindowRule, type WindowRule } from './window-rule.ts'

const duration = object({
  unit: z.enum(durationUnits, { error: `must be one of ${durationUnits.join(', ')}` }),
  value: z.int('must be a whole number'),
}).refine(withinYear, 'a delay is at most 365 days')

const EXPECTED =
  'must be a duration such as {"unit": "days", "value": 3}, or a window rule such as {"frequency": "daily", "hours": 9}'

const windowFields = new Set(['frequency', 'days', 'hours', 'minutes', 'day_of_month'])

/** A duration, or a window rule; `idle`: what of it says nothing. */
interface DelayFor {
  duration?: Duration
  window?: WindowRule
  idle?: Remark[]
}

/** A duration, or a window rule, told by its `frequency`. A unit without a number says nothing. */
export const delayFor = z.unknown().transform((given, issues): DelayFor => {
  if (isUnset(given) || isUnitAlone(given)) return {}
  if (isRule(given)) {
    const window = readWindowRule(given)
    const unknown = Object.entries(given).filter(([name, value]) => !windowFields.has(name) && !isUnset(value))
    for (const [name] of unknown)
      issues.addIssue({ code: 'custom', path: [name], message: 'is not a field of a window rule that Belay knows' })
    if (!Array.isArray(window)) return { window, idle: idleIn(window, given) }
    for (const { field, message } of window)
      issues.addIssue({ code: 'custom', path: field === null ? [] : [field], message })
    return z.NEVER
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    issues.addIssue({ code: 'custom', message: EXPECTED })
    return z.NEVER
  }
  const parsed = duration.safeParse(given, { error: zodErrorMap })
  if (parsed.success) return { duration: parsed.data }
  for (const issue of parsed.error.issues) issues.addIssue({ ...issue })
  return z.NEVER
})

function idleIn({ hours }: WindowRule, given: object): Remark[] {
  if (hours !== null || !('hours' in given) || isUnset(given.hours)) return []
  return [{ at: ['hours'], message: 'is ignored: an hourly rule takes every hour' }]
}

/** The idle fields of a window, as those of its step. */
export function idleOf(field: string, given: DelayFor | undefined): Remark[] {
  return (given?.idle ?? []).map(({ at, message }) => ({ at: ['settings', field, ...at], message }))
}

const delayRoots = ['data', 'recipient', 'actor', 'tenant', 'vars']
const NO_PATH = 'must be a path such as data.due_at, from data, recipient, actor, tenant or vars'

/**
 * A path to a value that leads to an instant; absent, null and empty are none: null. Kept with dots alone, `items.0.at`:
 * as such it is read (`valueAt`), also in definitions that are kept from before brackets were read.
 */
export const delayPath = z
  .string({ error: NO_PATH })
  .transform((text, issues): string | null => {
    if (text === '') return null
    const path = parsePath(text)
    if (path !== null && path.length > 1 && delayRoots.includes(path[0]!)) return path.join('.')
    issues.addIssue({ code: 'custom', message: NO_PATH })
    return z.NEVER
  })
  .nullish()
  .transform((path) => path ?? null)

const shape = {
  delay_for: delayFor.optional(),
  delay_until_field_path: delayPath,
}
const settings = dependent(shape, (given, tell) => {
  const { duration: fixed, window } = given.delay_for ?? {}
  const until = given.delay_until_field_path
  const both = ['delay_for', 'delay_until_field_path'] as const
  if (!fixed && !window && !until) tell(both, [], 'must have delay_for, delay_until_field_path or both')
  if (window && until)
    tell(both, ['delay_for'], 'is a window rule, which stands alone: leave delay_until_field_path out')
  if (!fixed || fixed.value > 0) return
  if (!until) tell(both, ['delay_for', 'value'], 'must be 1 or more')
  else if (fixed.value === 0) tell(both, ['delay_for', 'value'], 'must not be 0')
})

const schema = object({ ...stepFields, type: z.literal('delay'), settings }).transform((file) => ({
  type: file.type,
  ref: file.ref,
  name: file.name ?? file.ref,
  conditions: file.conditions,
  delayFor: file.settings.delay_for?.duration ?? null,
  delayUntil: file.settings.delay_until_field_path,
  window: file.settings.delay_for?.window ?? null,
  idle: idleOf('delay_for', file.settings.delay_for),
}))

/** A delay step as workflow.json has it. */
export const delayFile: StepFile<DelayStep, z.output<typeof schema>> = {
  schema: () => schema,
  compile: ({ window, ...read }, { next }) => ({ ...read, ...(window !== null && { window }), next }),
}
