import { z } from 'zod'
import { mergePreferences } from '../preferences/merge.ts'
import { storedPreferenceSet } from '../preferences/preference-schema.ts'
import type { PreferenceSet } from '../preferences/preference-set.ts'
import { MAX_PROPERTIES_BYTES } from '../store/profiles/properties.ts'
import type { TenantSettings } from '../store/profiles/tenants.ts'
import type { Json, JsonObject } from '../store/schema/index.ts'
import { channelDataByChannel } from './channel-data.ts'
import { jsonObject } from './json-object.ts'
import { looseObject } from './loose-object.ts'
import { inlinePreferences, preferenceSet, preferenceSetOf, tenantPreferenceWrite } from './preferences.ts'

const reserved = new Set(['id', '__typename', 'created_at', 'updated_at'])

const settings = z
  .object({
    branding: jsonObject.nullish().describe('Laid over what is set, name by name; null removes it'),
    preference_set: tenantPreferenceWrite
      .nullish()
      .describe('Merged into what is set, unless it says replace; null removes it'),
  })
  .nullish()

/** A tenant's properties as they are set: any JSON is their own; null clears. */
export const tenantRequest = looseObject({
  name: z.string().nullish(),
  settings,
  channel_data: channelDataByChannel,
  preferences: inlinePreferences.describe('Its set `default` stands for settings.preference_set'),
})
  .transform(({ settings, channel_data, preferences, ...given }) => {
    const entries = Object.entries(given as JsonObject).filter(([name]) => !reserved.has(name))
    return {
      properties: Object.fromEntries<Json>(entries),
      settings: settingsOf(settings, preferences),
      channelData: channel_data ?? undefined,
    }
  })
  .refine((tenant) => Buffer.byteLength(JSON.stringify(tenant)) <= MAX_PROPERTIES_BYTES, {
    error: 'a tenant has at most 256 kB of properties',
    params: { type: 'length' },
  })

function settingsOf(
  given: z.output<typeof settings>,
  preferences: z.output<typeof inlinePreferences>,
): TenantSettings | undefined {
  const preferenceSet = given?.preference_set ?? preferences?.['default']
  if (given == null && preferenceSet === undefined) return undefined
  // Left to itself a tenant's set is merged, where a recipient's is replaced.
  return { branding: given?.branding, preferenceSet: preferenceSet ?? given?.preference_set }
}

export const tenant = looseObject({
  __typename: z.literal('Tenant'),
  id: z.string(),
  name: z.string().nullable(),
  settings: looseObject({
    branding: z.union([jsonObject, z.null()]),
    preference_set: z.union([preferenceSet, z.null()]),
  }),
  created_at: z.string(),
  updated_at: z.string(),
}).meta({ id: 'Tenant', description: 'Properties of its own stand beside the known ones' })

/** A tenant in full; with the environment's preferences, these lie below its own. */
export function tenantOf(
  {
    id,
    properties,
    created_at,
    updated_at,
  }: { id: string; properties: JsonObject; created_at: string; updated_at: string },
  environment?: PreferenceSet,
): z.input<typeof tenant> {
  const { settings: stored, name, ...own } = properties
  const settings = objectOf(stored)
  const parsed = storedPreferenceSet.safeParse(settings['preference_set'])
  const given = parsed.success ? parsed.data : null
  const set = environment === undefined ? given : mergePreferences({ environment, tenant: given })
  return {
    ...own,
    __typename: 'Tenant',
    id,
    name: typeof name === 'string' ? name : null,
    settings: {
      ...settings,
      branding: settings['branding'] === undefined ? null : objectOf(settings['branding']),
      preference_set: set === null ? null : preferenceSetOf('default', set),
    },
    created_at,
    updated_at,
  }
}

function objectOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
