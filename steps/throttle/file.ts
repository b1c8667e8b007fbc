import { z } from 'zod'
import type { ThrottleStep } from '../../definitions/step.ts'
import { dependent, object } from '../../definitions/fields.ts'
import { delayFor, delayPath, idleOf } from '../delay/file.ts'
import { keyField } from '../key-field.ts'
import { keptPath } from '../key-path.ts'
import { stepFields, type StepFile } from '../step-file.ts'
import { withinMonth, MOST_PASSES } from './window.ts'

const shape = {
  throttle_key: keyField(keptPath),
  throttle_limit: z
    .int('must be a whole number')
    .min(1, 'must be 1 or more')
    .max(MOST_PASSES, `is more than ${MOST_PASSES}`)
    .nullish(),
  throttle_window: delayFor.optional(),
  throttle_window_field_path: delayPath,
}
const settings = dependent(shape, (given, tell) => {
  const { duration, window } = given.throttle_window ?? {}
  const isDynamic = Boolean(given.throttle_window_field_path)
  const both = ['throttle_window', 'throttle_window_field_path'] as const
  if (!duration && !window && !isDynamic) tell(both, [], 'must have throttle_window or throttle_window_field_path')
  if ((duration || window) && isDynamic)
    tell(both, ['throttle_window'], 'stands beside throttle_window_field_path: leave one of them out')
  if (duration && duration.value < 1) tell([], ['throttle_window', 'value'], 'must be 1 or more')
  else if (duration && !withinMonth(duration)) tell([], ['throttle_window'], 'is more than 31 days')
})

const schema = object({ ...stepFields, type: z.literal('throttle'), settings }).transform((file) => {
  const {
    throttle_key: key,
    throttle_limit: limit,
    throttle_window: fixed,
    throttle_window_field_path: path,
  } = file.settings
  return {
    type: file.type,
    ref: file.ref,
    name: file.name ?? file.ref,
    conditions: file.conditions,
    throttleKey: key,
    limit: limit ?? 1,
    windowFor: fixed?.duration ?? null,
    windowUntil: path,
    windowRule: fixed?.window ?? null,
    idle: idleOf('throttle_window', fixed),
  }
})

/** A throttle step as workflow.json has it. */
export const throttleFile: StepFile<ThrottleStep, z.output<typeof schema>> = {
  schema: () => schema,
  compile: (read, { next }) => ({ ...read, next }),
}
