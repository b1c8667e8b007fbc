import { z } from 'zod'
import { boundedList } from '../../resources/bounded-list.ts'
import type { DataFilter, InstantFilter } from '../../store/messages/message-filter.ts'

/** One or several values of a query field: `a[]=1&a[]=2`, `a[0]=1`, `a=1`. */
export function several<Item extends z.ZodType>(item: Item, max = 100) {
  return z
    .preprocess(
      (value) => (value === undefined || Array.isArray(value) ? value : [value]),
      boundedList(item, { max, tooMany: `has more than ${max} values` }),
    )
    .optional()
}

export const flag = z.enum(['true', 'false']).transform((value) => value === 'true')

export const instant = z.iso.datetime({
  offset: true,
  error: 'must be an instant in ISO 8601, with Z or an offset: 2026-01-31T09:00:00Z',
})

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

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])

/** `trigger_data={"plan":"pro"}` of some clients, `trigger_data[plan]=pro` of others; flat, or nothing could be compared. */
export const triggerData = z
  .union([z.string(), z.record(z.string(), z.unknown())])
  .transform((given, context): DataFilter => {
    if (typeof given === 'object') {
      const plain = z.record(z.string(), z.string()).safeParse(given)
      if (plain.success) return { typed: {}, plain: plain.data }
    } else {
      const typed = z.record(z.string(), scalar).safeParse(parseJson(given))
      if (typed.success) return { typed: typed.data, plain: {} }
    }
    context.addIssue({
      code: 'custom',
      message: 'must be a JSON object of strings, numbers, booleans and nulls, not nested: {"plan":"pro"}',
      params: { type: 'cast' },
    })
    return z.NEVER
  })
  .meta({ type: 'string', description: 'A flat JSON object, each field of which the data must have, equal' })

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
