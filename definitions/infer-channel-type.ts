import type { Channel } from './catalog.ts'
import { channelTypes } from '../channels/registry.ts'
import type { ChannelType } from './channel-types.ts'

/** A channel, or a group of channels. */
type Named = Pick<Channel, 'key' | 'type'>
type Fields = Record<string, unknown>

/**
 * A workflow file in which each channel step has a `channel_type`: as older tools wrote them, it may be missing. It is the
 * type of the channel that the step names in channels.json; else a text that only templates of one type have, as a
 * subject makes an e-mail and a title a push; else the beginning of the ref tells. Where nothing tells, none is added. Steps in branches are filled in, too.
 */
export function withChannelTypes(file: unknown, channels: readonly Named[]): unknown {
  if (Array.isArray(file)) return file.map((inner: unknown) => withChannelTypes(inner, channels))
  if (!isObject(file)) return file
  const nested = ['steps', 'branches', 'cohort_branches'].filter((name) => Array.isArray(file[name]))
  const filled = Object.fromEntries(nested.map((name) => [name, withChannelTypes(file[name], channels)]))
  const type = file.type === 'channel' && !file.channel_type ? inferred(file, channels) : undefined
  if (nested.length === 0 && type === undefined) return file
  return { ...file, ...filled, ...(type !== undefined && { channel_type: type }) }
}

function inferred(step: Fields, channels: readonly Named[]): ChannelType | undefined {
  const { channel_key: one, channel_group_key: group, template, ref } = step
  const key = isText(one) ? one : group
  const named = channels.find((channel) => channel.key === key)
  if (named !== undefined) return named.type
  const types = Object.values(channelTypes)
  const byField = types.find(({ inferredFrom: { field } }) => {
    return field !== undefined && isObject(template) && isText(template[field])
  })
  if (byField !== undefined) return byField.type
  if (typeof ref !== 'string') return undefined
  const byRef =
    types.find(({ type }) => ref.startsWith(type)) ?? types.find(({ inferredFrom }) => inferredFrom.ref.test(ref))
  return byRef?.type
}

const isText = (value: unknown) => typeof value === 'string' && value !== ''

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
