import { valueAt } from '../conditions/path.ts'
import { renderLiquid } from '../templates/liquid.ts'
import { keyRenderingFor } from '../templates/rendering-for.ts'
import type { Scope } from '../templates/scope.ts'
import { keptPath } from './key-path.ts'

const LONGEST = 1_000

/**
 * The value of a key as a definition keeps it (key-field.ts), as text: a path, or, with braces, Liquid. A text of the result
 * says why there is none: nothing is there, it is longer than 1,000 characters, or the template fails.
 */
export function keyOf(
  name: string,
  key: string,
  scope: Scope,
): { key: string } | { problem: string; isMissing?: true } {
  const text = key.includes('{') ? rendered(key, scope) : textOf(valueOfKey(keptPath(key), scope))
  if (typeof text !== 'string') return { problem: `${name} ${text.problem}` }
  if (text === '') return { problem: `${name} ${key} is missing`, isMissing: true }
  return text.length > LONGEST ? { problem: `${name} is longer than ${LONGEST} characters` } : { key: text }
}

/** The value at a path of a key: of `run` there is what conditions have. */
export function valueOfKey(path: readonly string[], scope: Scope): unknown {
  if (path[0] !== 'run') return valueAt(path, scope)
  const { total_activities, total_actors } = scope
  return valueAt(path.slice(1), { total_activities, total_actors })
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value.trim() : JSON.stringify(value)
}

function rendered(key: string, scope: Scope): string | { problem: string } {
  try {
    return renderLiquid(key, 'text', scope, keyRenderingFor(scope)).trim()
  } catch (error) {
    return { problem: `fails: ${error instanceof Error ? error.message : String(error)}` }
  }
}
