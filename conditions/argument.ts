import {
  engagements,
  statusOrder,
  type Argument,
  type Json,
  type Operand,
  type Operator,
  type StatusName,
} from './conditions.ts'
import { instantReading } from './instant.ts'
import { decode, operandOf, parsePath } from './path.ts'
import { relativeMs } from './relative.ts'

/** Throws an ArgumentProblem: what is wrong with an argument, without its place. */
export class ArgumentProblem extends Error {}

const statusNames: readonly string[] = [...statusOrder.flat(), 'skipped', 'seen_not_read', 'read_not_link_clicked']
const inclusion = ['contains', 'not_contains', 'contains_all', 'not_contains_all']
const ordering = [
  'equal_to',
  'not_equal_to',
  'greater_than',
  'greater_than_or_equal_to',
  'less_than',
  'less_than_or_equal_to',
]
const AFTER_NOW = ['is_timestamp_before', 'is_timestamp_after', 'is_timestamp_on_or_after', 'is_timestamp_between']

/** The argument of a comparison of values. Liquid is checked by the caller. */
export function valueArgument(operator: Operator, given: Json): Argument {
  if (operator === 'is_between' || operator === 'is_timestamp_between') return between(operator, given)
  const argument = single(given)
  if (AFTER_NOW.includes(operator)) return timestamp(argument)
  if (argument.kind === 'value' && argument.value === null && needsValue.has(operator))
    throw new ArgumentProblem(`is null, and nothing is ${operator.replaceAll('_', ' ')} null; give it a value`)
  return argument
}

const needsValue = new Set<Operator>(['greater_than', 'greater_than_or_equal_to', 'less_than', 'less_than_or_equal_to'])

function single(given: Json): Argument {
  if (typeof given !== 'string') return { kind: 'value', value: given }
  if (given.includes('{{') || given.includes('{%')) return { kind: 'liquid', template: given }
  const path = given.includes('.') ? parsePath(given) : null
  return path === null ? { kind: 'value', ...decode(given) } : operandOf(path)
}

function between(operator: Operator, given: Json): Argument {
  const argument = single(given)
  if (argument.kind !== 'value') return argument
  const { value } = argument
  if (!Array.isArray(value) || value.length !== 2)
    throw new ArgumentProblem(`must be a list of two, such as ${operator === 'is_between' ? '[1, 5]' : INSTANTS}`)
  const items = operator === 'is_between' ? value.map(single) : value.map(single).map(timestamp)
  const [from, to] = items.map(placeOf)
  if (from != null && to != null && from.scale === to.scale && from.at > to.at)
    throw new ArgumentProblem('begins after its end: nothing is between them')
  return { kind: 'list', items }
}

/** Where an end that stands in the file is among numbers or in time; null: it is read later, or is in no such order. */
function placeOf(argument: Argument): { scale: string; at: number } | null {
  if (argument.kind === 'relative') return { scale: 'from now', at: argument.ms }
  if (argument.kind !== 'value') return null
  const { value } = argument
  if (typeof value === 'number') return { scale: 'number', at: value }
  if (typeof value !== 'string') return null
  const reading = instantReading(value)
  return 'at' in reading ? { scale: 'instant', at: reading.at } : null
}
const INSTANTS = '["2030-01-01T00:00:00Z", "2030-02-01T00:00:00Z"]'

/** What stands in the file is checked now; what a path or a template gives is read when it is there. */
function timestamp(argument: Argument): Argument {
  if (argument.kind !== 'value') return argument
  const { value } = argument
  if (typeof value === 'string') {
    const reading = instantReading(value)
    if ('problem' in reading) throw new ArgumentProblem(reading.problem)
    return argument
  }
  const ms = relativeMs(value)
  if (typeof ms === 'string') throw new ArgumentProblem(ms)
  return { kind: 'relative', ms }
}

/** The argument of a question about the messages of a step. */
export function statusArgument(variable: Operand & { kind: 'status' }, operator: Operator, given: Json): Argument {
  const { of } = variable
  const allowed =
    of === 'engagement_status' ? inclusion : of === 'delivery_status' ? ordering : [...ordering, ...inclusion]
  if (!allowed.includes(operator))
    throw new ArgumentProblem(`${of} cannot be asked by ${operator}; use ${allowed.slice(0, 6).join(', ')}`)
  const decoded = typeof given === 'string' ? decode(given).value : given
  if (!Array.isArray(decoded)) return { kind: 'message', status: statusName(of, operator, decoded) }
  if (!inclusion.includes(operator) || decoded.length === 0)
    throw new ArgumentProblem('must be one status, such as $message.seen')
  return {
    kind: 'list',
    items: decoded.map((item): Argument => ({ kind: 'message', status: statusName(of, operator, item) })),
  }
}

function statusName(of: string, operator: Operator, given: Json): StatusName {
  const name = typeof given === 'string' ? given.replace(/^\$message\./, '') : ''
  if (!statusNames.includes(name))
    throw new ArgumentProblem(`is no status of a message; write $message. and one of ${statusNames.join(', ')}`)
  const engagement = [...engagements, 'seen_not_read', 'read_not_link_clicked'].includes(name)
  if (of === 'engagement_status' && !engagement)
    throw new ArgumentProblem(`$message.${name} is about delivery; ask delivery_status for it`)
  if (!inclusion.includes(operator) && name.includes('_not_'))
    throw new ArgumentProblem(`$message.${name} can only be asked by contains or not_contains of engagement_status`)
  if (name === 'skipped' && operator !== 'equal_to' && operator !== 'not_equal_to')
    throw new ArgumentProblem('$message.skipped can only be asked by equal_to or not_equal_to')
  return name as StatusName
}
