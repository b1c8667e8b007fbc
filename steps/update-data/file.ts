import { z } from 'zod'
import type { UpdateDataStep } from '../../definitions/step.ts'
import { object, requiredObject } from '../../definitions/fields.ts'
import { stepFields, type StepFile } from '../step-file.ts'

const schema = object({
  ...stepFields,
  type: z.literal('update_data'),
  settings: object({ data: requiredObject }),
}).transform((file) => ({
  type: file.type,
  ref: file.ref,
  name: file.name ?? file.ref,
  conditions: file.conditions,
  data: file.settings.data,
}))

/** A step that changes the data of its run, as workflow.json has it. */
export const updateDataFile: StepFile<UpdateDataStep, z.output<typeof schema>> = {
  schema: () => schema,
  compile: (read, { next }) => ({ ...read, next }),
}
