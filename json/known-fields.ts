import { z } from 'zod'
import { isUnset } from './is-unset.ts'

/**
 * An object of these fields. What says nothing is left out, as tools write fields that are not set: any value of that kind of
 * a field that may be absent, and fields that are not known here. Any other field that is not known is a problem, at its name.
 */
export function knownFields<Shape extends z.ZodRawShape>(shape: Shape, unknown: string) {
  const nothing = z
    .unknown()
    .refine(isUnset, unknown)
    .transform(() => undefined)
  const fields = Object.fromEntries(
    Object.entries(shape).map(([name, schema]) => [name, orAbsent(schema as z.ZodType)]),
  )
  const known = z.object(fields).catchall(nothing) as unknown as z.ZodObject<Shape, z.core.$strict>
  return known.overwrite((given) => {
    const named = Object.entries(given).filter(([name]) => Object.hasOwn(shape, name))
    return Object.fromEntries(named) as typeof given
  })
}

/** The same schema, to which an empty value of the wrong type is an absent one. */
function orAbsent(schema: z.ZodType): z.ZodType {
  // One that is made later cannot be asked yet.
  if (schema._zod.def.type === 'lazy' || schema._zod.optin === undefined) return schema
  const passes = (given: unknown) => schema.safeParse(given).success
  // A field that may not be absent keeps its own refusal.
  const isAbsent = (given: unknown) => isUnset(given) && !passes(given) && passes(undefined)
  return z.preprocess((given) => (isAbsent(given) ? undefined : given), schema)
}
