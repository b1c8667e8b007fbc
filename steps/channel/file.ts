import { z } from 'zod'
import type { ConditionGroup } from '../../conditions/conditions.ts'
import { channelTypes, type ChannelStep } from '../../definitions/step.ts'
import { notOneOf, object, unsupported } from '../../definitions/fields.ts'
import { chatOverrides, chatTemplate } from '../../definitions/template-file/chat.ts'
import { emailOverrides, emailTemplate } from '../../definitions/template-file/email.ts'
import { httpTemplate } from '../../definitions/template-file/http.ts'
import { feedOverrides, feedTemplate } from '../../definitions/template-file/in-app-feed.ts'
import { pushOverrides, pushTemplate } from '../../definitions/template-file/push.ts'
import { smsOverrides, smsTemplate } from '../../definitions/template-file/sms.ts'
import { holding, stepFields, type StepFile } from '../step-file.ts'
import { sendWindowsField, type SendWindows } from './send-window.ts'

const channelStep = {
  ...stepFields,
  type: z.literal('channel'),
  channel_key: z.string().nullish(),
  channel_group_key: z.string().nullish(),
  channel_overrides: unsupported,
  send_windows: sendWindowsField,
}

interface ChannelStepFile<Type, Template> {
  type: 'channel'
  ref: string
  name?: string | null | undefined
  conditions: ConditionGroup | null
  channel_type: Type
  channel_key?: string | null | undefined
  channel_group_key?: string | null | undefined
  send_windows: SendWindows | null
  template: Template
}

const toStep = <Type, Template>(file: ChannelStepFile<Type, Template>) => ({
  type: file.type,
  ref: file.ref,
  name: file.name ?? file.ref,
  conditions: file.conditions,
  channelType: file.channel_type,
  channelKey: file.channel_key ? file.channel_key : null,
  groupKey: file.channel_group_key ? file.channel_group_key : null,
  sendWindows: file.send_windows,
  template: file.template,
})

/** What a step says otherwise than its channel is part of its template. */
function overridden<Type, Template extends object, Overrides extends object>({
  channel_overrides: overrides,
  template,
  ...file
}: ChannelStepFile<Type, Template> & { channel_overrides: Overrides }) {
  return toStep({ ...file, template: { ...template, ...overrides } })
}

const schema = z.discriminatedUnion(
  'channel_type',
  [
    object({
      ...channelStep,
      channel_type: z.literal('in_app_feed'),
      channel_overrides: feedOverrides,
      template: feedTemplate,
    }).transform(overridden),
    object({
      ...channelStep,
      channel_type: z.literal('email'),
      channel_overrides: emailOverrides,
      template: emailTemplate,
    }).transform(overridden),
    object({ ...channelStep, channel_type: z.literal('http'), template: httpTemplate }).transform(toStep),
    object({
      ...channelStep,
      channel_type: z.literal('sms'),
      channel_overrides: smsOverrides,
      template: smsTemplate,
    }).transform(overridden),
    object({
      ...channelStep,
      channel_type: z.literal('push'),
      channel_overrides: pushOverrides,
      template: pushTemplate,
    }).transform(overridden),
    object({
      ...channelStep,
      channel_type: z.literal('chat'),
      channel_overrides: chatOverrides,
      template: chatTemplate,
    }).transform(overridden),
  ],
  { error: (issue) => notOneOf('channel', issue.input, 'channel_type', [...channelTypes]) },
)

/** A channel step as workflow.json has it. Its `channel_type` must stand there by now. */
export const channelFile: StepFile<ChannelStep, z.output<typeof schema>> = {
  schema: () => schema,
  compile: ({ channelKey, groupKey, conditions, sendWindows, ...read }, { next, channelOf, groupOf, add }) => {
    if (groupKey !== null && channelKey !== null)
      add(['channel_group_key'], 'stands beside channel_key: a step has either')
    const group = groupKey === null ? null : groupOf(read.channelType, groupKey)
    if (typeof group === 'string') add(['channel_group_key'], group)
    const isGroup = typeof group === 'object' && group !== null
    const channel = isGroup ? group.channels[0] : channelOf(read.channelType, channelKey)
    if (typeof channel === 'string') add(['channel_key'], channel)
    const reference = typeof channel === 'object' ? channel : { key: '', id: '' }
    const windows = sendWindows !== null && { sendWindows }
    return { ...read, ...holding(conditions), ...windows, channel: reference, ...(isGroup && { group }), next }
  },
}
