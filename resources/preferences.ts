import { z } from 'zod'
import { isPartOfSet, preferenceSetRequest, tenantPreferenceSetRequest } from '../preferences/preference-schema.ts'
import type { PreferenceSet, PreferenceWrite } from '../preferences/preference-set.ts'
import { tenantId } from './ids.ts'
import { jsonObject } from './json-object.ts'

/** `default`, or the id of a tenant. */
export const preferenceSetId = tenantId

const MAX_BYTES = 262_144
const MAX_INLINE = 100

const withinBytes = ({ set }: PreferenceWrite) => Buffer.byteLength(JSON.stringify(set)) <= MAX_BYTES
const tooLarge = { error: 'must be at most 256 kB as JSON', params: { type: 'length' } }

/** One set as a caller gives it, at most 256 kB. */
export const preferenceWrite = preferenceSetRequest.refine(withinBytes, tooLarge)
export const tenantPreferenceWrite = tenantPreferenceSetRequest.refine(withinBytes, tooLarge)

const NO_SET_ID = 'is a part of a set; write {"default": {…}} around it, or the id of the tenant it is for'

/** Inline, beside a user's or an object's properties: by set id. */
export const inlinePreferences = z
  .record(preferenceSetId, preferenceWrite, 'must be an object by set id: default, or a tenant’s id')
  .refine((sets) => Object.keys(sets).length <= MAX_INLINE, {
    error: `names at most ${MAX_INLINE} sets`,
    params: { type: 'length' },
  })
  .superRefine((sets, issues) => {
    // Read as one, it would be an empty set, and what it says be lost.
    for (const name of Object.keys(sets).filter((id) => isPartOfSet(id) && Object.keys(sets[id]!.set).length === 0))
      issues.addIssue({ code: 'custom', path: [name], message: NO_SET_ID })
  })
  .nullish()

// A union, so that the API's description says that it may be null.
const part = z.union([jsonObject, z.null()])

export const preferenceSet = z
  .object({
    __typename: z.literal('PreferenceSet'),
    id: z.string(),
    channel_types: part,
    channels: part,
    workflows: part,
    categories: part,
    commercial_subscribed: z.union([z.boolean(), jsonObject, z.null()]),
  })
  .meta({
    id: 'PreferenceSet',
    description: 'What somebody wants: true, false or conditions, by channel, type, workflow and category',
  })

/** Parts that say nothing are null, as Knock has them. */
export function preferenceSetOf(id: string, set: PreferenceSet): z.input<typeof preferenceSet> {
  const { channel_types = null, channels = null, workflows = null, categories = null } = set
  return {
    __typename: 'PreferenceSet',
    id,
    channel_types,
    channels,
    workflows,
    categories,
    commercial_subscribed: set.commercial_subscribed ?? null,
  }
}
