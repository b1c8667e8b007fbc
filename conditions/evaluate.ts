import { compareValues, type Readings } from './compare.ts'
import type { Argument, Comparison, ConditionGroup, Operand, Operator } from './conditions.ts'
import {
  asWritten,
  ExplanationBudget,
  shown,
  type ComparisonExplanation,
  type GroupExplanation,
} from './explanation.ts'
import { compareStatus, highestMessage, statusValue, type StepState } from './message-status.ts'
import { decode, valueAt } from './path.ts'

/** What conditions are evaluated against. A root that is absent is empty. */
export interface ConditionScope {
  data?: unknown
  recipient?: unknown
  actor?: unknown
  tenant?: unknown
  /** Values JSON decoded, as `vars.json` has them. */
  vars?: unknown
  /** `id`, `name`, `categories`. */
  workflow?: unknown
  /** `total_activities`, `total_actors`. */
  run?: unknown
  /** By the ref of the step. */
  refs?: Readonly<Record<string, StepState>>
  /** What a wait was offered. */
  event?: unknown
}

export interface EvaluationOptions {
  /** Epoch milliseconds by the store's clock. */
  now: number
  /** Renders an argument that is Liquid; what it throws makes the comparison false. */
  render?: (template: string) => string
  /** The names of `vars` whose values must not be shown. */
  secrets?: ReadonlySet<string>
}

export interface Evaluation {
  result: boolean
  explanation: GroupExplanation | null
}

interface Context extends EvaluationOptions {
  scope: ConditionScope
  budget: ExplanationBudget
}

/** Evaluates compiled conditions, all of them, so that each can be seen. Null is true. Never throws. */
export function evaluateConditions(
  conditions: ConditionGroup | null,
  scope: ConditionScope,
  options: EvaluationOptions,
): Evaluation {
  if (conditions === null) return { result: true, explanation: null }
  const explanation = groupOf(conditions, { ...options, scope, budget: new ExplanationBudget() })
  return { result: explanation.result, explanation }
}

function groupOf(group: ConditionGroup, context: Context): GroupExplanation {
  const explanation: GroupExplanation = { match: group.match, result: group.match === 'all', conditions: [] }
  let omitted = 0
  for (const node of group.conditions) {
    const inner = 'match' in node ? groupOf(node, context) : comparisonOf(node, context)
    if (group.match === 'all') explanation.result &&= inner.result
    else explanation.result ||= inner.result
    if ('match' in inner || context.budget.take(inner)) explanation.conditions.push(inner)
    else omitted += 1
  }
  return omitted === 0 ? explanation : { ...explanation, omitted }
}

function comparisonOf({ variable, operator, argument }: Comparison, context: Context): ComparisonExplanation {
  const left = valueOf(variable, context)
  const right = argument === null ? { readings: [] } : readingsOf(argument, context)
  const result =
    right.problem === undefined &&
    (variable.kind === 'status'
      ? statusResult(variable, operator, argument, context)
      : compareValues(operator, left === undefined ? '' : left, right.readings, left !== undefined, context.now))
  const isHidden = argument !== null && hidden(argument, context)
  return {
    variable: asWritten(variable),
    operator,
    ...(argument !== null && { argument: asWritten(argument) }),
    value: hidden(variable, context) ? SECRET : shown(left === undefined ? '' : left),
    ...(argument !== null && { compared_with: isHidden ? SECRET : shown(right.readings[0]) }),
    result,
    // What is wrong may quote what was rendered.
    ...(right.problem !== undefined && { problem: isHidden ? UNRENDERED : right.problem }),
  }
}

function statusResult(
  { ref, of }: Operand & { kind: 'status' },
  operator: Operator,
  argument: Argument | null,
  context: Context,
): boolean {
  const step = stepOf(ref, context)
  if (argument !== null) return compareStatus(operator, of, step, argument)
  const made = highestMessage(step) !== null
  return compareValues(operator, made ? statusValue(of, step) : '', [], made, context.now)
}

const SECRET = '[secret]'
const UNRENDERED = 'the argument could not be rendered'
/**
 * What a template, its white space left out, has where its result may come of `vars`: the name, a tag, which may set or render
 * anything, a translation, a filter that evaluates a text, or a name in brackets that is not written out.
 */
const MAY_READ_VARS = /vars|\{%|\|t(?!\w)|_exp|\[(?!(?:\d+|'[^'\\]*'|"[^"\\]*")\])/

function hidden(given: Operand | Argument, { secrets }: Context): boolean {
  if (secrets === undefined || secrets.size === 0) return false
  if (given.kind === 'list') return given.items.some((item) => hidden(item, { secrets } as Context))
  if (given.kind === 'liquid') return MAY_READ_VARS.test(given.template.replace(/\s/g, ''))
  if (given.kind !== 'path' || given.path[0] !== 'vars') return false
  return given.path[1] === undefined || secrets.has(given.path[1])
}

/** Undefined where there is no value. */
function valueOf(operand: Operand, context: Context): unknown {
  if (operand.kind === 'value') return operand.value
  if (operand.kind === 'status') return statusValue(operand.of, stepOf(operand.ref, context))
  const [root, ref, ...rest] = operand.path
  if (root !== 'refs') return valueAt(operand.path, context.scope)
  return ref === undefined ? undefined : valueAt(rest, stepOf(ref, context)?.output ?? {})
}

function stepOf(ref: string, { scope }: Context): StepState | undefined {
  const refs = scope.refs ?? {}
  return Object.hasOwn(refs, ref) ? refs[ref] : undefined
}

function readingsOf(argument: Argument, context: Context): { readings: Readings; problem?: string } {
  switch (argument.kind) {
    case 'value':
      return { readings: argument.text === undefined ? [argument.value] : [argument.value, argument.text] }
    case 'message':
      return { readings: [`$message.${argument.status}`] }
    case 'relative':
      return { readings: [instantText(context.now + argument.ms)] }
    case 'list': {
      const items = argument.items.map((item) => readingsOf(item, context))
      const problem = items.find((item) => item.problem !== undefined)?.problem
      return { readings: [items.map((item) => item.readings[0])], ...(problem !== undefined && { problem }) }
    }
    case 'liquid':
      return rendered(argument.template, context)
    default: {
      const value = valueOf(argument, context)
      return { readings: [value === undefined ? '' : value] }
    }
  }
}

function rendered(template: string, { render }: Context): { readings: Readings; problem?: string } {
  if (render === undefined) return { readings: [''], problem: 'the template of the argument is not rendered here' }
  try {
    const { value, text } = decode(render(template).trim())
    return { readings: text === undefined ? [value] : [value, text] }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { readings: [''], problem: `${UNRENDERED}: ${why.slice(0, 200)}` }
  }
}

/** Years of four digits only: what lies beyond them is their last instant, or their first. */
function instantText(at: number): string {
  return new Date(Math.min(Math.max(at, FIRST), LAST)).toISOString()
}
const FIRST = Date.parse('0000-01-01T00:00:00Z')
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
