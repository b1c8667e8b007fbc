import { ArgumentProblem, statusArgument, valueArgument } from './argument.ts'
import {
  operatorAliases,
  operators,
  withoutArgument,
  type Argument,
  type Comparison,
  type Json,
  type Operand,
  type Operator,
} from './conditions.ts'
import { decode, operandOf, parsePath, roots, type Root } from './path.ts'

/** Where conditions stand, which says what they may ask: the messages of steps only a step, an event only a wait. */
export type ConditionsPlace = 'workflow' | 'step' | 'wait' | 'channel' | 'preference'

export interface ConditionsContext {
  place: ConditionsPlace
  /** The refs a condition may name; null if they are checked elsewhere (see refs.ts). */
  refs?: ReadonlySet<string> | null
  /** What is wrong with a Liquid template, or null. */
  checkLiquid?: (template: string) => string | null
  /** Whether a Liquid template reads one of the roots that not every place has. */
  readsInLiquid?: (template: string, root: 'refs' | 'event') => boolean
  /** Of a user's own making: neither `vars` nor Liquid, which would tell them secrets. */
  isOfUser?: boolean
}

const LONGEST = 10_000

/** Compiles `{variable, operator, argument}`; what is wrong is told by field, and the result then null. */
export function compileComparison(
  item: Record<string, unknown>,
  context: ConditionsContext,
  add: (field: 'variable' | 'operator' | 'argument', message: string) => void,
): Comparison | null {
  const operator = operatorOf(item.operator, (message) => add('operator', message))
  const variable = variableOf(item.variable, context, (message) => add('variable', message))
  if (operator === null || variable === null) return null
  if (withoutArgument.has(operator)) return { variable, operator, argument: null }
  const argument = argumentOf(variable, operator, item.argument, context, (message) => add('argument', message))
  return argument === null ? null : { variable, operator, argument }
}

function operatorOf(given: unknown, add: (message: string) => void): Operator | null {
  if (typeof given === 'string') {
    const known = operators.find((name) => name === given) ?? operatorAliases[given]
    if (known !== undefined) return known
    if (given === 'is_audience_member' || given === 'is_not_audience_member') {
      add(
        `${given} is not supported: Belay has no audiences; keep the membership in a property and ask recipient.<name>`,
      )
      return null
    }
    if (given === 'is_in_random_cohort') {
      add('is_in_random_cohort is not supported; use a step of type random_cohort')
      return null
    }
  }
  add(`must be one of ${operators.join(', ')}`)
  return null
}

function variableOf(given: unknown, context: ConditionsContext, add: (message: string) => void): Operand | null {
  if (typeof given !== 'string' || given === '') {
    add(`must be a path such as data.plan, from ${rootsOf(context).join(', ')}`)
    return null
  }
  if (given.length > LONGEST) {
    add(`is longer than ${LONGEST} characters`)
    return null
  }
  const path = parsePath(given.trim())
  if (path !== null) return allowed(operandOf(path), context, add)
  const { value, text } = decode(given)
  if (text !== undefined || typeof value !== 'string') return { kind: 'value', value }
  add(`${quoted(given)} is no path Belay knows; begin it with one of ${rootsOf(context).join('., ')}.`)
  return null
}

function argumentOf(
  variable: Operand,
  operator: Operator,
  given: unknown,
  context: ConditionsContext,
  add: (message: string) => void,
): Argument | null {
  if (given === undefined) {
    add(`is missing; ${operator} compares with it`)
    return null
  }
  if (JSON.stringify(given).length > LONGEST) {
    add(`is longer than ${LONGEST} characters`)
    return null
  }
  try {
    const argument =
      variable.kind === 'status'
        ? statusArgument(variable, operator, given as Json)
        : valueArgument(operator, given as Json)
    return checked(argument, context, add) ? argument : null
  } catch (error) {
    if (!(error instanceof ArgumentProblem)) throw error
    add(error.message)
    return null
  }
}

function checked(argument: Argument, context: ConditionsContext, add: (message: string) => void): boolean {
  if (argument.kind === 'list') return argument.items.every((item) => checked(item, context, add))
  if (argument.kind === 'path' || argument.kind === 'status') return allowed(argument, context, add) !== null
  if (argument.kind !== 'liquid') return true
  if (context.isOfUser === true) {
    add('is Liquid, which takes a secret key; give a value or a path')
    return false
  }
  const problem = context.checkLiquid?.(argument.template) ?? null
  if (problem !== null) add(`is not a Liquid template: ${problem}`)
  const known = rootsOf(context)
  const unknown = (['refs', 'event'] as const).find(
    (root) => !known.includes(root) && context.readsInLiquid?.(argument.template, root) === true,
  )
  if (unknown !== undefined)
    add(`${unknown} is not there for the conditions of a ${context.place}; take one of ${known.join(', ')}`)
  return problem === null && unknown === undefined
}

function allowed(operand: Operand, context: ConditionsContext, add: (message: string) => void): Operand | null {
  const root = operand.kind === 'status' ? 'refs' : operand.kind === 'path' ? operand.path[0] : undefined
  if (root === undefined) return operand
  const known = rootsOf(context)
  if (!(known as string[]).includes(root)) {
    if (root === 'vars') {
      add(`vars takes a secret key here; take one of ${known.join(', ')}`)
      return null
    }
    const text = operand.kind === 'path' ? `; a text is written ${quoted(quoted(operand.path.join('.')))}` : ''
    add(`${root} is not there for the conditions of a ${context.place}; take one of ${known.join(', ')}${text}`)
    return null
  }
  if (root !== 'refs') return operand
  const ref = operand.kind === 'status' ? operand.ref : operand.kind === 'path' ? operand.path[1] : undefined
  if (ref === undefined || (context.refs && !context.refs.has(ref))) {
    add(unknownRef(ref, context.refs ?? null))
    return null
  }
  return operand
}

/** What is told where a condition names no step, or one that is not before it; at most 20 refs are named. */
export function unknownRef(ref: string | undefined, refs: ReadonlySet<string> | null): string {
  const known = refs === null ? [] : [...refs].slice(0, 20)
  const hint = known.length === 0 ? 'name the ref of a step' : `the steps are ${known.join(', ')}`
  return ref === undefined
    ? `refs must name a step, such as refs.email_1.status; ${hint}`
    : `there is no step ${quoted(ref)}; ${hint}`
}

function rootsOf({ place, isOfUser }: ConditionsContext): Root[] {
  return roots.filter((root) => {
    if (root === 'vars') return isOfUser !== true
    if (root === 'event') return place === 'wait'
    return root !== 'refs' || place === 'step' || place === 'wait'
  })
}

const quoted = (text: string) => JSON.stringify(text.slice(0, 100))
