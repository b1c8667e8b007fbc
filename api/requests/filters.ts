import { z } from 'zod'
import type { JsonObject } from '../../store/schema/index.ts'
import { faultsOfSource } from '../../json/source.ts'
import { fieldName } from '../../json/field-name.ts'
import { findUnstorable } from '../../json/storable.ts'
import { instant } from '../../resources/instant.ts'
import { jsonObject } from '../../resources/json-object.ts'
import { boundedList } from '../../resources/bounded-list.ts'
import type { DataFilter, InstantFilter } from '../../store/messages/message-filter.ts'

/** One or several values of a query field: `a[]=1&a[]=2`, `a[0]=1`, `a=1`. */
export function several<Item extends z.ZodType>(item: Item, max = 100) {
  return oneOrSeveral(boundedList(item, { max, tooMany: `has more than ${max} values` })).optional()
}

/** As `several`, where a route needs it. */
export function oneOrSeveral<Item extends z.ZodType>(list: z.ZodArray<Item>) {
  return z.preprocess((value) => (value === undefined || Array.isArray(value) ? value : [value]), list)
}

/** `true` and `false`, and Python's `True` and `False`. */
export const flag = z
  .preprocess((text) => (typeof text === 'string' ? text.toLowerCase() : text), z.enum(['true', 'false']))
  .transform((value) => value === 'true')

const bounds = { gt: instant.optional(), gte: instant.optional(), lt: instant.optional(), lte: instant.optional() }

/** `inserted_at.gt=` of some clients, `inserted_at[gt]=` of others. */
export const insertedAtQuery = {
  inserted_at: z
    .strictObject(bounds)
    .optional()
    .meta({ param: { style: 'deepObject', explode: true } }),
  'inserted_at.gt': bounds.gt,
  'inserted_at.gte': bounds.gte,
  'inserted_at.lt': bounds.lt,
  'inserted_at.lte': bounds.lte,
}

/** Both spellings of the filter as one: `inserted_at.gt` and `inserted_at[gt]`; the dotted one wins. */
export function insertedAtOf(query: {
  inserted_at?: InstantFilter | undefined
  'inserted_at.gt'?: string | undefined
  'inserted_at.gte'?: string | undefined
  'inserted_at.lt'?: string | undefined
  'inserted_at.lte'?: string | undefined
}): InstantFilter {
  return {
    gt: query['inserted_at.gt'] ?? query.inserted_at?.gt,
    gte: query['inserted_at.gte'] ?? query.inserted_at?.gte,
    lt: query['inserted_at.lt'] ?? query.inserted_at?.lt,
    lte: query['inserted_at.lte'] ?? query.inserted_at?.lte,
  }
}

/** Of what is inside a text of JSON in a query. */
const MAX_VALUES = 1_000

/** `trigger_data={"plan":"pro"}` of some clients, `trigger_data[plan]=pro` of others; flat, or nothing could be compared. */
export const triggerData = z
  .union([z.string(), jsonObject])
  .transform((given, context): DataFilter => {
    const read = typeof given === 'string' ? typedOf(given) : plainOf(given)
    if (typeof read !== 'string') return read
    context.addIssue({ code: 'custom', message: read, params: { type: 'cast' } })
    return z.NEVER
  })
  .meta({ type: 'string', description: 'A flat JSON object, each field of which the data must have, equal' })

const form = 'must be a JSON object of strings, numbers, booleans and nulls, not nested: {"plan":"pro"}'

/** The fields of a text of JSON, or what is wrong with it: it is decoded here, after the query itself was looked at. */
function typedOf(text: string): DataFilter | string {
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return form
  const [fault] = faultsOfSource(text, MAX_VALUES)
  const first = fault ?? findUnstorable(value)
  if (first !== undefined) return `is not taken: ${fieldName(first.path)} ${first.message}`
  const typed = value as JsonObject
  return Object.values(typed).some((each) => typeof each === 'object' && each !== null) ? form : { typed, plain: {} }
}

/** Values of a query string are texts. */
function plainOf(given: JsonObject): DataFilter | string {
  const entries = Object.entries(given).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  )
  return entries.length === Object.keys(given).length ? { typed: {}, plain: Object.fromEntries(entries) } : form
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
