import type { ErrorObject } from 'ajv'

/** One thing that is wrong with a trigger's data. */
export interface Violation {
  /** `data.items[0].name` */
  field: string
  message: string
  /** `required`, or the keyword of the schema: `type`, `format`, `enum`, … */
  type: string
}

const LONGEST_FIELD = 255
const LONGEST_MESSAGE = 300
/** Keywords that only say that one below them failed. */
const wrappers = ['if', 'propertyNames']

/** Null for an error that only repeats another. */
export function violationOf({ instancePath, keyword, params, message }: ErrorObject): Violation | null {
  if (wrappers.includes(keyword)) return null
  const given = params as Record<string, unknown>
  const missing = keyword === 'required' || keyword === 'dependentRequired' || keyword === 'dependencies'
  const extra = given.missingProperty ?? given.additionalProperty ?? given.unevaluatedProperty
  const parts = instancePath.split('/').slice(1).map(unescape)
  const field = [...parts, ...(typeof extra === 'string' ? [extra] : [])].reduce(under, 'data')
  return {
    field: field.slice(0, LONGEST_FIELD),
    message: (missing ? 'is required' : wordsOf(keyword, given, message)).slice(0, LONGEST_MESSAGE),
    type: missing ? 'required' : keyword,
  }
}

function wordsOf(keyword: string, params: Record<string, unknown>, message: string | undefined): string {
  if (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') return 'is not in the schema'
  if (keyword === 'enum') return `must be one of ${JSON.stringify(params.allowedValues)}`
  if (keyword === 'const') return `must be ${JSON.stringify(params.allowedValue)}`
  if (keyword === 'type') return `must be of type ${String(params.type)}`
  if (keyword === 'format') return `must be in the format ${String(params.format)}`
  return message ?? `does not fit ${keyword}`
}

/** As JSON pointers have it. */
function unescape(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}

function under(path: string, part: string): string {
  if (/^\d+$/.test(part)) return `${path}[${part}]`
  return /^[\w$-]+$/.test(part) ? `${path}.${part}` : `${path}[${JSON.stringify(part)}]`
}
