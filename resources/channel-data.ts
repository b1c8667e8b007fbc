import { z } from 'zod'
import type { Json, JsonObject } from '../store/schema/index.ts'
import { jsonObject } from './json-object.ts'

const MAX_BYTES = 65_536

/** What a provider needs to reach a recipient: `tokens` or `devices` of a push channel, `connections` of a chat channel. */
export const channelDataFields = jsonObject
  .refine((data) => Buffer.byteLength(JSON.stringify(data)) <= MAX_BYTES, {
    error: 'must be at most 64 kB as JSON',
    params: { type: 'length' },
  })
  .superRefine((data, context) => {
    for (const field of ['tokens', 'devices', 'connections']) {
      const list = data[field]
      if (list === undefined || (Array.isArray(list) && list.length <= 100)) continue
      context.addIssue({ code: 'custom', path: [field], message: 'must be a list of at most 100' })
    }
  })

export const channelId = z.uuid('must be the id of a channel, a UUID').toLowerCase()

/** Inline, beside a user's or an object's properties: by channel id. */
export const channelDataByChannel = z.record(channelId, channelDataFields, 'must be an object by channel id').nullish()

export const channelData = z
  .object({ __typename: z.literal('ChannelData'), channel_id: z.uuid(), data: jsonObject })
  .meta({ id: 'ChannelData', description: 'What is known of a recipient at one channel' })

/** Of a push channel both spellings, whichever was given: clients with types read `tokens` and `devices`. */
export function channelDataOf(id: string, data: JsonObject): z.infer<typeof channelData> {
  return { __typename: 'ChannelData', channel_id: id, data: { ...otherSpelling(data), ...data } }
}

function otherSpelling({ tokens, devices }: JsonObject): JsonObject {
  if (Array.isArray(tokens) && devices === undefined) return { devices: tokens.map((token) => ({ token })) }
  if (!Array.isArray(devices) || tokens !== undefined) return {}
  return { tokens: devices.flatMap((device) => (isObject(device) && 'token' in device ? [device['token']!] : [])) }
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
