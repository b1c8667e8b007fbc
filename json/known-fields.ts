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
  const known = z.object(allOrAbsent(shape)).catchall(nothing)
  return known.overwrite((given) => {
    const named = Object.entries(given).filter(([name]) => Object.hasOwn(shape, name))
    return Object.fromEntries(named) as typeof given
  })
}

/** An object of these fields among others, which are left as they are. What says nothing counts as absent, as above. */
export function looseFields<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.looseObject(allOrAbsent(shape))
}

function allOrAbsent<Shape extends z.ZodRawShape>(shape: Shape): Shape {
  const fields = Object.entries(shape).map(([name, schema]) => [name, orAbsent(schema as z.ZodType)])
  return Object.fromEntries(fields) as Shape
}

/** The same schema, to which an empty value of the wrong type is an absent one. */
export function orAbsent<Read>(schema: z.ZodType<Read>): z.ZodType<Read> {
  // One that is made later cannot be asked yet.
  if (schema._zod.def.type === 'lazy' || schema._zod.optin === undefined) return schema
  const passes = (given: unknown) => schema.safeParse(given).success
  // A field that may not be absent keeps its own refusal.
  const isAbsent = (given: unknown) => isUnset(given) && !passes(given) && passes(undefined)
  return z.preprocess((given) => (isAbsent(given) ? undefined : given), schema)
}
