import { z } from 'zod'
import type { JsonObject } from '../store/schema/index.ts'

/**
 * An object of a caller's own, kept as it is. Unlike z.record and z.looseObject, which leave a field named `__proto__`
 * out, it takes every name.
 */
export const jsonObject = z
  .custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), {
    error: (issue) => (issue.input === undefined ? 'is required' : 'must be an object'),
    params: { type: 'cast' },
  })
  .meta({ type: 'object', additionalProperties: true })
