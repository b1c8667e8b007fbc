import type { Request } from 'express'
import type { z } from 'zod'
import { zodErrorMap } from '../../settings/zod-error-map.ts'
import { ApiError, type FieldError } from './errors.ts'
import { faultsOf, MAX_FAULTS } from './field-errors.ts'
import { fieldName } from '../../json/field-name.ts'
import type { Input, Route } from './route.ts'
import { findUnstorable } from '../../json/storable.ts'
import { isSameName } from './looks-like.ts'
import { fieldsOf } from './unknown-fields.ts'

/**
 * Parses a request by its route's schemas; what does not fit is a 422 that names each field. `body` is undefined where
 * none was sent.
 */
export function parseInput(route: Route, request: Request, body: unknown): Input<unknown, unknown, unknown> {
  const fields: FieldError[] = []
  const parse = (part: 'params' | 'query' | 'body', schema: z.ZodType, value: unknown): unknown => {
    const unstorable = findUnstorable(value)
    if (unstorable !== undefined) {
      fields.push({ field: fieldName(unstorable.path) || part, message: unstorable.message, type: 'format' })
      return undefined
    }
    const result = schema.safeParse(value, { reportInput: true, error: zodErrorMap })
    if (result.success) return result.data
    // A fault of the whole is named after its part: a body that is no object has no field to name.
    fields.push(...faultsOf(result.error).map((each) => ({ ...each, field: each.field || part })))
    return undefined
  }
  fields.push(...misplaced(route, request.query))
  if (route.needsBody === true && body === undefined)
    fields.push({ field: 'body', message: 'is required', type: 'required' })
  const input = {
    params: parse('params', route.params, request.params),
    query: parse('query', route.query, request.query),
    // An absent body is an empty one, and `null` is none: what it lacks is named field by field.
    body: route.body === undefined ? undefined : parse('body', route.body, body === undefined ? {} : body),
  }
  if (fields.length > 0) throw new ApiError('invalid_params', { fields })
  return input
}

/**
 * A parameter a route does not know is ignored, since clients leak some. A bound of one that it knows (`inserted_at.after`)
 * is not, and neither is a field of its body, such as `dry_run`: who sends that relies on it.
 */
function misplaced({ query: { shape }, body }: Route, query: object): FieldError[] {
  const ofBody = fieldsOf(body)
  return Object.keys(query)
    .filter((name) => !Object.hasOwn(shape, name))
    .flatMap((field): FieldError[] => {
      const base = field.split(/[.[]/, 1)[0]!
      if (Object.hasOwn(shape, base)) return [{ field, message: 'is not a field of this request', type: 'unknown' }]
      const meant = ofBody.find((name) => isSameName(base, name))
      return meant === undefined ? [] : [{ field, message: `belongs into the body, as ${meant}`, type: 'unknown' }]
    })
    .slice(0, MAX_FAULTS)
}
