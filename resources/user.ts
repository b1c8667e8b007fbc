import { MAX_PROPERTIES_BYTES } from '../store/profiles/properties.ts'
import type { Json, JsonObject } from '../store/schema/index.ts'
import { channelDataByChannel } from './channel-data.ts'
import { email, phoneNumber, timeZone } from './contact.ts'
import { looseObject } from './loose-object.ts'
import { inlinePreferences } from './preferences.ts'
import { knownProperties } from './recipient.ts'

/** Not a user's properties, whoever sends them. */
const reserved = new Set(['id', '__typename', 'updated_at'])

/** A user's properties as they are identified: known ones are texts, any other JSON is their own; null clears. Their channel data and preference sets stand apart. */
export const profileRequest = looseObject({
  ...knownProperties,
  email,
  phone_number: phoneNumber,
  timezone: timeZone,
  created_at: knownProperties.name,
  preferences: inlinePreferences,
  channel_data: channelDataByChannel,
})
  .partial()
  .transform(({ channel_data, preferences, ...given }) => {
    const entries = Object.entries(given as JsonObject).filter(([name]) => !reserved.has(name))
    return {
      properties: Object.fromEntries<Json>(entries),
      channelData: channel_data ?? undefined,
      preferences: preferences ?? undefined,
    }
  })
  .refine(({ properties }) => Buffer.byteLength(JSON.stringify(properties)) <= MAX_PROPERTIES_BYTES, {
    error: 'a user has at most 256 kB of properties',
    params: { type: 'length' },
  })
