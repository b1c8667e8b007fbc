import type { z } from 'zod'
import { fieldName } from '../../json/field-name.ts'
import type { FieldError } from './errors.ts'

/** Of each part; what is wrong with thousands of recipients is told by the first. */
export const MAX_FAULTS = 100

/** What is wrong with a request, field by field, as the API tells it. */
export function faultsOf({ issues }: z.ZodError): FieldError[] {
  return issues.slice(0, MAX_FAULTS).flatMap(fieldErrors).slice(0, MAX_FAULTS)
}

type Issue = z.core.$ZodIssue

function fieldErrors(issue: Issue): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, MAX_FAULTS).map((key) => ({
      field: fieldName([...issue.path, key]),
      message: 'is not a field of this request',
      type: 'unknown',
    }))
  }
  if (issue.code === 'invalid_union') {
    // The branch whose type was given tells what the caller meant.
    const meant = issue.errors.filter(
      (issues) => !issues.some((inner) => isTypeFault(inner) && inner.path.length === 0),
    )
    if (meant.length === 1) return meant[0]!.flatMap((inner) => prefixed(issue.path, inner))
  }
  const params = issue.code === 'custom' ? (issue.params as { type?: string } | undefined) : undefined
  return [{ field: fieldName(issue.path), message: issue.message, type: params?.type ?? typeOf(issue) }]
}

function prefixed(path: PropertyKey[], issue: Issue): FieldError[] {
  return fieldErrors({ ...issue, path: [...path, ...issue.path] })
}

function isTypeFault(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_union'
}

function typeOf(issue: Issue): string {
  if (isTypeFault(issue)) return issue.input === undefined ? 'required' : 'cast'
  if (issue.code === 'too_big' || issue.code === 'too_small') return 'length'
  if (issue.code === 'invalid_value') return issue.input === undefined ? 'required' : 'inclusion'
  return issue.code === 'invalid_format' ? 'format' : 'invalid'
}
