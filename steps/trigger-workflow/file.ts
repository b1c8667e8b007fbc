import { z } from 'zod'
import type { TriggerStep } from '../../definitions/step.ts'
import { object, optional, optionalIdOrJson, optionalObject, required } from '../../definitions/fields.ts'
import { stepFields, type StepFile } from '../step-file.ts'

const settings = object({
  workflow_key: required('text'),
  recipients: optionalIdOrJson,
  actor: optionalIdOrJson,
  tenant: optionalIdOrJson,
  data: optionalObject,
  cancellation_key: optional('text'),
})

const schema = object({ ...stepFields, type: z.literal('trigger_workflow'), settings }).transform((file) => ({
  type: file.type,
  ref: file.ref,
  name: file.name ?? file.ref,
  conditions: file.conditions,
  workflowKey: file.settings.workflow_key,
  recipients: file.settings.recipients,
  actor: file.settings.actor,
  tenant: file.settings.tenant,
  data: file.settings.data,
  cancelationKey: file.settings.cancellation_key,
}))

/** A step that triggers another workflow, as workflow.json has it. */
export const triggerFile: StepFile<TriggerStep, z.output<typeof schema>> = {
  schema: () => schema,
  compile: (read, { next }) => ({ ...read, next }),
}
