import { parsePath, valueAt } from '../conditions/path.ts'
import { renderLiquid } from '../templates/liquid.ts'
import { keyRenderingFor } from '../templates/rendering-for.ts'
import type { Scope } from '../templates/scope.ts'

const LONGEST = 1_000

/**
 * The value of a key of a workflow file, as text: a path such as `data.page_id`, where `page_id` alone is one into `data`,
 * or, with braces, Liquid. A text of the result says why there is none: nothing is there, it is longer than 1,000
 * characters, or the template fails.
 */
export function keyOf(
  name: string,
  key: string,
  scope: Scope,
): { key: string } | { problem: string; isMissing?: true } {
  const text = key.includes('{') ? rendered(key, scope) : textOf(valueAt(pathOf(key), scope))
  if (typeof text !== 'string') return { problem: `${name} ${text.problem}` }
  if (text === '') return { problem: `${name} ${key} is missing`, isMissing: true }
  return text.length > LONGEST ? { problem: `${name} is longer than ${LONGEST} characters` } : { key: text }
}

function pathOf(key: string): string[] {
  return parsePath(key) ?? ['data', ...key.split('.')]
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
