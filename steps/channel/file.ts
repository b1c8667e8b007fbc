import { z } from 'zod'
import { channelTypeNames, channelTypes } from '../../channels/registry.ts'
import type { ChannelType, TemplateOf } from '../../definitions/channel-types.ts'
import { notOneOf, object, unsupported } from '../../definitions/fields.ts'
import type { ChannelStep } from '../../definitions/step.ts'
import { stepFields, type ReadStep, type StepFile } from '../step-file.ts'
import { sendWindowsField, type SendWindows } from './send-window.ts'

/** A channel step as it was read. What it says otherwise than its channel is part of its template. */
interface ReadChannelStep extends ReadStep {
  type: 'channel'
  name: string
  channelType: ChannelType
  channelKey: string | null
  groupKey: string | null
  sendWindows: SendWindows | null
  template: TemplateOf<ChannelType>
}

const schemas = Object.values(channelTypes).map(({ type, template, overrides }) =>
  object({
    ...stepFields,
    type: z.literal('channel'),
    channel_key: z.string().nullish(),
    channel_group_key: z.string().nullish(),
    channel_overrides: overrides ?? unsupported,
    send_windows: sendWindowsField,
    channel_type: z.literal(type),
    template,
  }).transform(({ template: { idle = [], ...read }, ...file }): ReadChannelStep => ({
    type: file.type,
    ref: file.ref,
    name: file.name ?? file.ref,
    conditions: file.conditions,
    channelType: file.channel_type,
    channelKey: file.channel_key ? file.channel_key : null,
    groupKey: file.channel_group_key ? file.channel_group_key : null,
    sendWindows: file.send_windows,
    idle: idle.map(({ at, message }) => ({ at: ['template', ...at], message })),
    template: { ...read, ...(overrides === null ? {} : (file.channel_overrides as object)) },
  })),
)
/** That each schema has its own `channel_type` zod knows of a list that is written out only. */
const schema = z.discriminatedUnion('channel_type', schemas as unknown as Parameters<typeof z.discriminatedUnion>[1], {
  error: (issue) => notOneOf('channel', issue.input, 'channel_type', channelTypeNames()),
}) as unknown as z.ZodType<ReadChannelStep>

/** A channel step as workflow.json has it. Its `channel_type` must stand there by now. */
export const channelFile: StepFile<ChannelStep, ReadChannelStep> = {
  schema: () => schema,
  compile: ({ channelKey, groupKey, sendWindows, ...read }, { next, channelOf, groupOf, add, warn }) => {
    if (groupKey !== null && channelKey !== null)
      add(['channel_group_key'], 'stands beside channel_key: a step has either')
    const group = groupKey === null ? null : groupOf(read.channelType, groupKey)
    if (typeof group === 'string') add(['channel_group_key'], group)
    const isGroup = typeof group === 'object' && group !== null
    if (groupKey !== null && group === null)
      warn(['channel_group_key'], `is not in channels.json: the first channel of type ${read.channelType} is used`)
    if (sendWindows !== null && channelTypes[read.channelType].sending === null)
      warn(['send_windows'], 'is ignored: such a message is delivered by being written')
    const channel = isGroup ? group.channels[0] : channelOf(read.channelType, channelKey)
    if (typeof channel === 'string') add(['channel_key'], channel)
    const reference = typeof channel === 'object' ? channel : { key: '', id: '' }
    const windows = sendWindows !== null && { sendWindows }
    const step = { ...read, ...windows, channel: reference, ...(isGroup && { group }), next }
    // The template was read by the schema of the type that stands beside it.
    return step as ChannelStep
  },
}
