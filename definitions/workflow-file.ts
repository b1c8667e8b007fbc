import { z } from 'zod'
import { batchStepFile } from '../steps/batch/file.ts'
import { branchStepFile, type BranchStepFile } from '../steps/branch/file.ts'
import { channelStepFile } from '../steps/channel/file.ts'
import { delayStepFile } from '../steps/delay/file.ts'
import { fetchStepFile } from '../steps/http-fetch/file.ts'
import { cohortStepFile, type CohortStepFile } from '../steps/random-cohort/file.ts'
import { throttleStepFile } from '../steps/throttle/file.ts'
import { triggerStepFile } from '../steps/trigger-workflow/file.ts'
import { updateDataStepFile } from '../steps/update-data/file.ts'
import { updateObjectStepFile, updateTenantStepFile, updateUserStepFile } from '../steps/update-profile/file.ts'
import { ignored, notOneOf, object, workflowConditions } from './fields.ts'
import { compileTriggerSchema } from './trigger-schema.ts'

/** A step as it stands in a file, with the steps of its branches. */
export type StepFile =
  | z.output<typeof delayStepFile>
  | z.output<typeof channelStepFile>
  | z.output<typeof throttleStepFile>
  | z.output<typeof fetchStepFile>
  | z.output<typeof triggerStepFile>
  | z.output<typeof updateDataStepFile>
  | z.output<typeof updateUserStepFile>
  | z.output<typeof updateObjectStepFile>
  | z.output<typeof updateTenantStepFile>
  | z.output<typeof batchStepFile>
  | BranchStepFile<StepFile>
  | CohortStepFile<StepFile>

const kinds = [
  'channel',
  'delay',
  'branch',
  'random_cohort',
  'throttle',
  'http_fetch',
  'batch',
  'trigger_workflow',
  'update_data',
  'update_user',
  'update_object',
  'update_tenant',
]
const nested: z.ZodType<StepFile[]> = z.lazy(() =>
  z
    .array(anyStep)
    .nullish()
    .transform((steps) => steps ?? []),
)
const anyStep: z.ZodType<StepFile> = z.discriminatedUnion(
  'type',
  [
    delayStepFile,
    channelStepFile,
    throttleStepFile,
    batchStepFile,
    fetchStepFile,
    triggerStepFile,
    updateDataStepFile,
    updateUserStepFile,
    updateObjectStepFile,
    updateTenantStepFile,
    branchStepFile(nested),
    cohortStepFile(nested),
  ],
  { error: (issue) => notOneOf('step', issue.input, 'type', kinds) },
)

const triggerSchema = z
  .unknown()
  .optional()
  .transform((given, issues): object | null => {
    const compiled = compileTriggerSchema(given)
    if (compiled === null) return null
    if (!('problem' in compiled)) return given as object
    issues.addIssue({ code: 'custom', message: compiled.problem })
    return z.NEVER
  })

/** Knock's workflow.json, files resolved. Metadata is dropped; what it would not be carried out is refused. */
export const workflowFile = object({
  $schema: ignored,
  __readonly: z.looseObject({ active: z.boolean().nullish() }).nullish(),
  name: z.string().nullish(),
  description: ignored,
  active: z.boolean().nullish(),
  categories: z.array(z.string().min(1)).nullish(),
  steps: z.array(anyStep).min(1, 'must have at least one step').max(100, 'a definition has at most 100 steps'),
  conditions: workflowConditions,
  trigger_frequency: z.literal(['every_trigger', ''], { error: 'only every_trigger is supported yet' }).nullish(),
  trigger_data_json_schema: triggerSchema,
  settings: object({ override_preferences: z.boolean().nullish(), is_commercial: z.boolean().nullish() }).nullish(),
}).transform((file) => ({
  name: file.name ? file.name : null,
  active: file.active ?? file.__readonly?.active ?? true,
  categories: file.categories ?? [],
  conditions: file.conditions,
  triggerSchema: file.trigger_data_json_schema,
  isCommercial: file.settings?.is_commercial === true,
  overridePreferences: file.settings?.override_preferences === true,
  steps: file.steps,
}))
