import type { Argument, Operand, Operator } from './conditions.ts'

/** How a group came out, for the events of a recipient run: plain JSON of at most some 10,000 characters. */
export interface GroupExplanation {
  match: 'all' | 'any'
  result: boolean
  conditions: (GroupExplanation | ComparisonExplanation)[]
  /** So many comparisons are left out for length; they counted all the same. */
  omitted?: number
}

export interface ComparisonExplanation {
  variable: string
  operator: Operator
  /** As the file has it; absent for an operator that takes none. */
  argument?: string
  /** What the variable was. A missing value is "". */
  value: unknown
  /** What it was compared with; absent for an operator that takes no argument. */
  compared_with?: unknown
  result: boolean
  /** Why the comparison could not be made, and so came out false. */
  problem?: string
}

const LONGEST = 200

/** All that explanations of one evaluation may take, in characters of JSON. */
export class ExplanationBudget {
  private left = 10_000

  /** Whether this explanation still fits; if so, its length is taken off. */
  take(explanation: ComparisonExplanation): boolean {
    const length = JSON.stringify(explanation).length
    if (length > this.left) return false
    this.left -= length
    return true
  }
}

/** A value as it is shown: scalars as they are, longer texts cut, lists and objects as JSON that may end in "…". */
export function shown(value: unknown): unknown {
  if (typeof value === 'string') return cut(value)
  if (typeof value !== 'object' || value === null) return value ?? null
  const text = write(value, LONGEST + 1)
  return text.length > LONGEST ? cut(text) : (JSON.parse(text) as unknown)
}

function cut(text: string): string {
  if (text.length <= LONGEST) return text
  // Not between the halves of a character.
  return `${text.slice(0, LONGEST).replace(/[\uD800-\uDBFF]$/, '')}…`
}

/** JSON, written no further than `room` characters. */
function write(value: unknown, room: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, room))
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  if (room <= 0) return '…'
  const list = Array.isArray(value)
  let text = list ? '[' : '{'
  for (const key of Object.keys(value)) {
    if (text.length > room) break
    if (text.length > 1) text += ','
    if (!list) text += `${JSON.stringify(key.slice(0, room))}:`
    text += write((value as Record<string, unknown>)[key], room - text.length)
  }
  return text + (list ? ']' : '}')
}

/** An operand or argument as a file would have it. */
export function asWritten(given: Operand | Argument): string {
  return cut(written(given))
}

function written(given: Operand | Argument): string {
  switch (given.kind) {
    case 'path':
      return given.path.join('.')
    case 'status':
      return `refs.${given.ref}.${given.of}`
    case 'value':
      return given.text ?? (typeof given.value === 'string' ? given.value : write(given.value, LONGEST + 1))
    case 'message':
      return `$message.${given.status}`
    case 'relative':
      return `${Math.abs(given.ms) / 60_000} minutes ${given.ms < 0 ? 'ago' : 'from now'}`
    case 'liquid':
      return given.template
    case 'list':
      return `[${given.items.map(written).join(', ')}]`
  }
}
