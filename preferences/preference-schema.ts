import { z } from 'zod'
import { channelTypeNames } from '../channels/registry.ts'
import { compileConditions } from '../conditions/compile.ts'
import { readsWithin } from '../settings/schemas-within.ts'
import { zodErrorMap } from '../settings/zod-error-map.ts'
import { checkLiquid, readsInLiquid } from '../templates/check-liquid.ts'
import type { PreferenceSet, PreferenceWrite } from './preference-set.ts'

/** Knock's in its order, then those that only Belay has. */
const types = [
  ...new Set([...['email', 'in_app_feed', 'in_app_guide', 'sms', 'push', 'chat', 'http'], ...channelTypeNames()]),
]

/** At most so many channels, workflows or categories in one set. */
const MOST = 1_000

const list = z.array(z.json())
const checked = list.superRefine((list, issues) => {
  for (const { path, message } of compileConditions(list, { place: 'preference', checkLiquid, readsInLiquid }).problems)
    issues.addIssue({ code: 'custom', path, message })
})

/** True, false, or an object of the schema. A problem within the object keeps its place. */
function yesNoOr<Schema extends z.ZodType>(schema: Schema, wanted: string) {
  const read = z.unknown().transform((given, issues): boolean | z.output<Schema> => {
    if (typeof given === 'boolean') return given
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      issues.addIssue({ code: 'custom', message: `must be true, false, or an object with ${wanted}` })
      return z.NEVER
    }
    const parsed = schema.safeParse(given, { error: zodErrorMap })
    if (parsed.success) return parsed.data
    for (const { path, message } of parsed.error.issues) issues.addIssue({ code: 'custom', path: [...path], message })
    return z.NEVER
  })
  readsWithin(read, schema)
  return read
}

/**
 * A record whose entries may be null, which leaves them out; null or absent is an empty one. One that was stored keeps what
 * can be read of it: neither a name that is known no more nor an entry too many undoes the others.
 */
function table<Value extends z.ZodType>(wrongName: (name: string) => string | null, entry: Value, isStored: boolean) {
  const read = isStored
    ? z.record(z.string(), entry.nullable().catch(null)).nullish().catch(null)
    : z
        .record(z.string(), entry.nullable())
        .superRefine((entries, issues) => {
          const keys = Object.keys(entries)
          if (keys.length > MOST) issues.addIssue({ code: 'custom', message: `has more than ${MOST} entries` })
          for (const name of keys.slice(0, MOST)) {
            const message = wrongName(name)
            if (message !== null) issues.addIssue({ code: 'custom', path: [name], message })
          }
        })
        .nullish()
  return read.transform((entries) => {
    const kept = Object.entries(entries ?? {}).filter(([, given]) => given !== null)
    return kept.length === 0 ? undefined : (Object.fromEntries(kept) as Record<string, NonNullable<z.output<Value>>>)
  })
}

const wrongType = (name: string) => (types.includes(name) ? null : `must be one of ${types.join(', ')}`)
const wrongChannel = (name: string) => (UUID.test(name) ? null : 'a channel is named by its id, a UUID')
/** Dots alone would be another address in a path that names the entry. */
const wrongKey = (name: string) =>
  /^(?!\.{1,2}$).{1,255}$/s.test(name) ? null : 'is named by 1 to 255 characters, and not by . or ..'
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const strategy = z.enum(['replace', 'merge'])

function partsOf(isStored: boolean) {
  const conditions = isStored ? list : checked
  const value = yesNoOr(z.object({ conditions }), 'conditions')
  const channel_types = table(wrongType, value, isStored)
  const channels = table(wrongChannel, value, isStored).transform((entries) => {
    if (entries === undefined) return undefined
    return Object.fromEntries(Object.entries(entries).map(([id, given]) => [id.toLowerCase(), given]))
  })
  const workflow = yesNoOr(
    z
      .object({
        // Not a list: compiled, it holds back.
        conditions: (isStored ? conditions.catch([null]) : conditions).nullish().transform((list) => list ?? undefined),
        channel_types,
        channels,
        __strategy__: (isStored ? strategy.catch('merge') : strategy)
          .nullish()
          .transform((strategy) => strategy ?? undefined),
      })
      .transform(withoutUndefined),
    'channel_types, channels or conditions',
  )
  const shape = {
    channel_types,
    channels,
    workflows: table(wrongKey, workflow, isStored),
    categories: table(wrongKey, workflow, isStored),
    commercial_subscribed: (isStored ? value.nullish().catch(null) : value.nullish()).transform(
      (given) => given ?? undefined,
    ),
  }
  return { value, workflow, shape }
}

const { value, workflow, shape } = partsOf(false)

/** Parts of a set, as the deprecated calls for one of them give them. */
export const preferenceParts = {
  channel_types: shape.channel_types,
  workflows: shape.workflows,
  categories: shape.categories,
}
/** Whether a set has a part of this name: whoever writes it where the id of a set belongs means the set itself. */
export const isPartOfSet = (name: string): boolean => name === '__persistence_strategy__' || Object.hasOwn(shape, name)
/** One entry of such a part, by the name of the part. */
export const preferenceEntries = { channel_types: value, workflows: workflow, categories: workflow }

/** A preference set; fields it does not know, such as `id`, are left out. Used for identify, tenants and preferences.json. */
export const preferenceSetSchema = z.object(shape).transform((set): PreferenceSet => withoutUndefined(set))
/**
 * A set as it was stored, of which all counts that can be read. Its conditions are not checked again: one that cannot be
 * used any more holds back where it is asked (decide.ts).
 */
export const storedPreferenceSet = z
  .object(partsOf(true).shape)
  .transform((set): PreferenceSet => withoutUndefined(set))

const request = (otherwise: PreferenceWrite['strategy']) =>
  z
    .object({ ...shape, __persistence_strategy__: z.enum(['replace', 'merge']).nullish() })
    .transform(({ __persistence_strategy__: strategy, ...set }): PreferenceWrite => ({
      strategy: strategy ?? otherwise,
      set: withoutUndefined(set),
    }))

/** The body of a PUT, which may say how it is laid over what is stored: left to itself it replaces that. */
export const preferenceSetRequest = request('replace')
/** A tenant's set, which left to itself is merged into what is stored. */
export const tenantPreferenceSetRequest = request('merge')

function withoutUndefined<Value extends object>(given: Value): Value {
  return Object.fromEntries(Object.entries(given).filter(([, inner]) => inner !== undefined)) as Value
}
