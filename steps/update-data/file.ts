import { z } from 'zod'
import { object, required } from '../../definitions/fields.ts'
import { stepFields } from '../step-file.ts'

/** A step that changes the data of its run, as workflow.json has it. */
export const updateDataStepFile = object({
  ...stepFields,
  type: z.literal('update_data'),
  settings: object({ data: required('text') }),
}).transform((file) => ({
  type: file.type,
  ref: file.ref,
  name: file.name ?? file.ref,
  conditions: file.conditions,
  data: file.settings.data,
}))
