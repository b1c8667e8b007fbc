import type { z } from 'zod'

const within = new WeakMap<z.ZodType, z.ZodType>()

/** Says by which schema another reads its value inside a transform, where zod does not show it. */
export function readsWithin(schema: z.ZodType, inner: z.ZodType): void {
  within.set(schema, inner)
}

/** For who looks for fields that no schema knows. */
export function schemaWithin(schema: z.ZodType): z.ZodType | undefined {
  return within.get(schema)
}
