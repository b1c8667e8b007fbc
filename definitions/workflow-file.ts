import { z } from 'zod'
import { isUnset } from '../json/is-unset.ts'
import { orAbsent } from '../json/known-fields.ts'
import { stepKinds } from '../steps/registry.ts'
import type { ReadStep } from '../steps/step-file.ts'
import type { Remark } from './problem.ts'
import { ignored, notOneOf, object, workflowConditions } from './fields.ts'
import { compileTriggerSchema } from './trigger-schema.ts'

const kinds = Object.values(stepKinds)
const nested: z.ZodType<ReadStep[]> = z.lazy(() =>
  z
    .preprocess((given) => (isUnset(given) ? null : given), z.array(anyStep).nullable())
    .transform((steps) => steps ?? []),
)
const schemas = kinds.map(({ file }) => file.schema(nested))
/** That each schema has its own `type` zod knows of a list that is written out only; it looks when it is first used. */
const anyStep = z.discriminatedUnion('type', schemas as unknown as Parameters<typeof z.discriminatedUnion>[1], {
  error: (issue) => notOneOf('step', issue.input, 'type', Object.keys(stepKinds)),
}) as unknown as z.ZodType<ReadStep>

const triggerSchema = z
  .unknown()
  .optional()
  .transform((given, issues): { schema: object; unknown: readonly string[] } | null => {
    const compiled = compileTriggerSchema(given)
    if (compiled === null) return null
    if (!('problem' in compiled)) return { schema: given as object, unknown: compiled.unknown }
    issues.addIssue({ code: 'custom', message: compiled.problem })
    return z.NEVER
  })

/** Knock's workflow.json, files resolved. Metadata is dropped; what it would not be carried out is refused. */
export const workflowFile = object({
  $schema: ignored,
  __readonly: z.object({ active: orAbsent(z.boolean().nullish()) }).nullish(),
  name: z.string().nullish(),
  description: ignored,
  tags: ignored,
  active: z.boolean().nullish(),
  categories: z.array(z.string().min(1)).nullish(),
  steps: z.array(anyStep).min(1, 'must have at least one step').max(100, 'a definition has at most 100 steps'),
  conditions: workflowConditions,
  trigger_frequency: z
    .enum(['every_trigger', 'once_per_recipient', 'once_per_recipient_per_tenant', ''], {
      error: 'must be every_trigger, once_per_recipient or once_per_recipient_per_tenant',
    })
    .nullish()
    .transform((frequency) => (!frequency || frequency === 'every_trigger' ? null : frequency)),
  trigger_data_json_schema: triggerSchema,
  settings: object({ override_preferences: z.boolean().nullish(), is_commercial: z.boolean().nullish() }).nullish(),
}).transform((file) => ({
  name: file.name ? file.name : null,
  active: file.active ?? file.__readonly?.active ?? true,
  categories: file.categories ?? [],
  conditions: file.conditions,
  frequency: file.trigger_frequency,
  triggerSchema: file.trigger_data_json_schema?.schema ?? null,
  isCommercial: file.settings?.is_commercial === true,
  overridePreferences: file.settings?.override_preferences === true,
  steps: file.steps,
  /** What says nothing where it stands, beside what steps have of it. */
  idle: (file.trigger_data_json_schema?.unknown ?? []).map((what): Remark => ({
    at: ['trigger_data_json_schema'],
    message: `holds ${what}, which JSON Schema does not have: it checks nothing`,
  })),
}))
