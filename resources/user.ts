import { z } from 'zod'
import { preferenceSetSchema } from '../preferences/preference-set.ts'
import { MAX_PROPERTIES_BYTES } from '../store/profiles/properties.ts'
import type { Json, JsonObject } from '../store/schema/index.ts'
import { channelDataByChannel } from './channel-data.ts'
import { email, timeZone } from './contact.ts'
import { looseObject } from './loose-object.ts'
import { knownProperties } from './recipient.ts'

/** Preference sets by their id: `default`, or a tenant's. */
const preferenceSets = z.record(z.string(), preferenceSetSchema).nullable()

/** Not a user's properties, whoever sends them. */
const reserved = new Set(['id', '__typename', 'updated_at'])

/** A user's properties as they are identified: known ones are texts, any other JSON is their own; null clears. Their channel data stands apart. */
export const profileRequest = looseObject({
  ...knownProperties,
  email,
  timezone: timeZone,
  created_at: knownProperties.name,
  preferences: preferenceSets,
  channel_data: channelDataByChannel,
})
  .partial()
  .transform(({ channel_data, ...given }) => {
    const entries = Object.entries(given as JsonObject).filter(([name]) => !reserved.has(name))
    return { properties: Object.fromEntries<Json>(entries), channelData: channel_data ?? undefined }
  })
  .refine(({ properties }) => Buffer.byteLength(JSON.stringify(properties)) <= MAX_PROPERTIES_BYTES, {
    error: 'a user has at most 256 kB of properties',
    params: { type: 'length' },
  })
