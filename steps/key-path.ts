import { parsePath, partsOf } from '../conditions/path.ts'

/** What a path of a key may begin with. `event` is none of them: only a wait is offered one. */
const roots = ['data', 'recipient', 'actor', 'tenant', 'vars', 'workflow', 'run', 'refs']

/** Whether a key of a workflow file is Liquid. */
export const isLiquidKey = (key: string): boolean => key.includes('{{') || key.includes('{%')

/**
 * Where a key of a workflow file without Liquid is read. `page_id` alone is a field of `data`, whatever its name, and so is
 * what begins with no root. Null: it is no path.
 */
export function keyPath(key: string): string[] | null {
  const path = /[{}]/.test(key) ? null : partsOf(key.trim())
  if (path === null) return null
  return path.length > 1 && roots.includes(path[0]!) ? path : ['data', ...path]
}

/** The step whose output a key of a workflow file reads; null: none. */
export function refOfKey(key: string): string | null {
  const path = isLiquidKey(key) ? null : keyPath(key)
  return path?.[0] === 'refs' ? path[1]! : null
}

/**
 * Where the key of a batch or throttle in a kept definition is read: any root counts there, also alone. That stays so, for
 * who sleeps in a definition goes on in what it was; a file's key is kept as one that is read here as `keyPath` has it.
 */
export function keptPath(key: string): string[] {
  return parsePath(key) ?? ['data', ...key.split('.')]
}
