import { isUnset } from '../json/is-unset.ts'
import { compileComparison, type ConditionsContext } from './comparison.ts'
import type { ConditionGroup, ConditionNode } from './conditions.ts'

export interface ConditionProblem {
  /** From the conditions on: `['all', 0, 'variable']`. */
  path: (string | number)[]
  message: string
}

/** At most so many comparisons in one place. */
const MOST = 100

const FIELDS = new Set(['variable', 'operator', 'argument'])

type Path = (string | number)[]
type Add = (path: Path, message: string) => void

/**
 * Compiles `{all: […]}`, `{any: […]}`, one within the other, or a list of which all must hold. Null, absent and empty
 * are no conditions: null. With problems the result is null, too.
 */
export function compileConditions(
  given: unknown,
  context: ConditionsContext,
): { conditions: ConditionGroup | null; problems: ConditionProblem[] } {
  const problems: ConditionProblem[] = []
  const add: Add = (path, message) => problems.push({ path, message })
  const compiled = group(given, [], context, add, 0)
  if (compiled !== null && countOf(compiled) > MOST) add([], `has more than ${MOST} conditions`)
  return { conditions: problems.length > 0 ? null : compiled, problems }
}

/** Compiles the list of a wait: one of its groups must hold, and in a group all, or with `operator: "or"` any. */
export function compileMatchConditions(
  given: unknown,
  context: ConditionsContext,
): { conditions: ConditionGroup | null; problems: ConditionProblem[] } {
  if (!Array.isArray(given) || !given.some((item) => isObject(item) && 'conditions' in item))
    return compileConditions(given, context)
  const problems: ConditionProblem[] = []
  const add: Add = (path, message) => problems.push({ path, message })
  const groups = given.flatMap((item: unknown, index): ConditionNode[] => {
    if (!isObject(item)) return refuse(add, [index], 'must be a group such as {"operator": "and", "conditions": […]}')
    const { operator, conditions, ...others } = item
    for (const [name, value] of Object.entries(others))
      if (!isUnset(value)) add([index, name], 'is not known here; a group has operator and conditions')
    if (!isUnset(operator) && operator !== 'and' && operator !== 'or')
      return refuse(add, [index, 'operator'], 'must be and, or or')
    const match = operator === 'or' ? 'any' : 'all'
    if (isEmpty(conditions)) return []
    if (!Array.isArray(conditions)) return refuse(add, [index, 'conditions'], 'must be a list of conditions')
    return listOf(match, conditions, [index, 'conditions'], context, add, 1) ?? []
  })
  if (groups.reduce((sum, node) => sum + countOf(node), 0) > MOST) add([], `has more than ${MOST} conditions`)
  if (problems.length > 0 || groups.length === 0) return { conditions: null, problems }
  const [first] = groups
  const only = groups.length === 1 && 'match' in first! ? first : null
  return { conditions: only ?? { match: 'any', conditions: groups }, problems }
}

function refuse(add: Add, path: Path, message: string): [] {
  add(path, message)
  return []
}

function group(given: unknown, at: Path, context: ConditionsContext, add: Add, depth: number): ConditionGroup | null {
  if (isEmpty(given)) return null
  if (Array.isArray(given)) return listOf('all', given, at, context, add, depth)?.[0] ?? null
  if (!isObject(given)) {
    add(at, 'must be an object with all or any, such as {"all": […]}')
    return null
  }
  for (const [key, value] of Object.entries(given)) {
    if (key !== 'all' && key !== 'any' && !isUnset(value))
      add([...at, key], 'is not known here; conditions stand under all or any')
  }
  const groups = (['all', 'any'] as const).flatMap((match): ConditionGroup[] => {
    const list = given[match]
    if (isEmpty(list)) return []
    if (!Array.isArray(list)) return refuse(add, [...at, match], 'must be a list of conditions')
    return listOf(match, list, [...at, match], context, add, depth) ?? []
  })
  if (groups.length === 0) return null
  return groups.length === 1 ? groups[0]! : { match: 'all', conditions: groups }
}

function listOf(
  match: 'all' | 'any',
  list: readonly unknown[],
  at: Path,
  context: ConditionsContext,
  add: Add,
  depth: number,
): [ConditionGroup] | null {
  const conditions = list.slice(0, MOST + 1).flatMap((item, index): ConditionNode[] => {
    const here = [...at, index]
    if (isEmpty(item)) return []
    if (isObject(item) && ('variable' in item || 'operator' in item || 'argument' in item)) {
      for (const [name, value] of Object.entries(item))
        if (!FIELDS.has(name) && !isUnset(value))
          add([...here, name], 'is not known here; a condition has variable, operator and argument')
      const compiled = compileComparison(item, context, (field, message) => add([...here, field], message))
      return compiled === null ? [] : [compiled]
    }
    if (depth > 0 || Array.isArray(item))
      return refuse(add, here, 'must be a condition with variable, operator and argument; groups nest one level deep')
    const inner = group(item, here, context, add, depth + 1)
    return inner === null ? [] : [inner]
  })
  return conditions.length === 0 ? null : [{ match, conditions }]
}

function countOf(node: ConditionNode): number {
  return 'match' in node ? node.conditions.reduce((sum, inner) => sum + countOf(inner), 0) : 1
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Of a list or a condition: one whose fields are all null is no author's choice, and is told. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
