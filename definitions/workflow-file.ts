import { z } from 'zod'
import { channelTypes, durationUnits } from './definition.ts'
import { withinYear } from '../steps/delay/delay.ts'
import { ignored, notOneOf, object, unsupported } from './fields.ts'
import { chatTemplate, emailTemplate, feedTemplate, httpTemplate, pushTemplate, smsTemplate } from './template-file.ts'

const step = {
  ref: z.string().regex(/^[A-Za-z0-9_-]{1,255}$/, 'must be 1 to 255 letters, digits, _ or -'),
  name: z.string().nullish(),
  description: ignored,
  conditions: unsupported,
}

const channelStep = {
  ...step,
  type: z.literal('channel'),
  channel_key: z.string().min(1).nullish(),
  channel_group_key: unsupported,
  channel_overrides: unsupported,
  send_windows: unsupported,
}

interface ChannelStepFile<Type, Template> {
  type: 'channel'
  ref: string
  name?: string | null | undefined
  channel_type: Type
  channel_key?: string | null | undefined
  template: Template
}

const toStep = <Type, Template>(file: ChannelStepFile<Type, Template>) => ({
  type: file.type,
  ref: file.ref,
  name: file.name ?? file.ref,
  channelType: file.channel_type,
  channelKey: file.channel_key ?? null,
  template: file.template,
})

const anyChannelStep = z.discriminatedUnion(
  'channel_type',
  [
    object({ ...channelStep, channel_type: z.literal('in_app_feed'), template: feedTemplate }).transform(toStep),
    object({ ...channelStep, channel_type: z.literal('email'), template: emailTemplate }).transform(toStep),
    object({ ...channelStep, channel_type: z.literal('http'), template: httpTemplate }).transform(toStep),
    object({ ...channelStep, channel_type: z.literal('sms'), template: smsTemplate }).transform(toStep),
    object({ ...channelStep, channel_type: z.literal('push'), template: pushTemplate }).transform(toStep),
    object({ ...channelStep, channel_type: z.literal('chat'), template: chatTemplate }).transform(toStep),
  ],
  { error: (issue) => notOneOf('channel', issue.input, 'channel_type', [...channelTypes]) },
)

const duration = object({
  unit: z.enum(durationUnits, { error: `must be one of ${durationUnits.join(', ')}` }),
  value: z.int('must be a whole number').positive('must be 1 or more'),
}).refine(withinYear, 'a delay is at most 365 days')

const delayPath = z
  .string()
  .regex(
    /^(data|recipient|actor|tenant)(\.[^.\s]+)+$/,
    'must be a path such as data.due_at, from data, recipient, actor or tenant',
  )

const delayStep = object({
  ...step,
  type: z.literal('delay'),
  settings: object({ delay_for: duration.nullish(), delay_until_field_path: delayPath.nullish() }).refine(
    (settings) => settings.delay_for || settings.delay_until_field_path,
    'must have delay_for, delay_until_field_path or both',
  ),
}).transform((file) => ({
  type: file.type,
  ref: file.ref,
  name: file.name ?? file.ref,
  delayFor: file.settings.delay_for ?? null,
  delayUntil: file.settings.delay_until_field_path ?? null,
}))

const anyStep = z.discriminatedUnion('type', [delayStep, anyChannelStep], {
  error: (issue) => notOneOf('step', issue.input, 'type', ['channel', 'delay']),
})

/** Knock's workflow.json, files resolved. Metadata is dropped; what it would not be carried out is refused. */
export const workflowFile = object({
  $schema: ignored,
  __readonly: z.looseObject({ active: z.boolean().optional() }).optional(),
  name: z.string().nullish(),
  description: ignored,
  active: z.boolean().nullish(),
  categories: z.array(z.string().min(1)).nullish(),
  steps: z.array(anyStep).min(1, 'must have at least one step').max(100, 'a definition has at most 100 steps'),
  conditions: unsupported,
  trigger_frequency: z.literal('every_trigger', { error: 'only every_trigger is supported yet' }).nullish(),
  trigger_data_json_schema: unsupported,
  settings: object({
    override_preferences: z.literal(false, { error: 'preferences are not supported yet; only false' }).nullish(),
    is_commercial: z.literal(false, { error: 'preferences are not supported yet; only false' }).nullish(),
  }).nullish(),
}).transform((file) => ({
  name: file.name ?? null,
  active: file.active ?? file.__readonly?.active ?? true,
  categories: file.categories ?? [],
  steps: file.steps,
}))

export type WorkflowFile = z.output<typeof workflowFile>
export type StepFile = WorkflowFile['steps'][number]
