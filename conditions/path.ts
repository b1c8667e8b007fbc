import { statusPaths, type Json, type Operand } from './conditions.ts'

/** Where a value may come from. `event` is what a wait is offered. */
export const roots = ['data', 'recipient', 'actor', 'tenant', 'vars', 'workflow', 'run', 'refs', 'event'] as const
export type Root = (typeof roots)[number]

const SEGMENT = /^([^[\]\s]*)((?:\[\d{1,6}\])*)$/

/** The parts of `items[0].name`, whatever it begins with; null if it is no path. */
export function partsOf(text: string): string[] | null {
  const path: string[] = []
  for (const part of text.split('.')) {
    const segment = SEGMENT.exec(part)
    if (segment === null || segment[1] === '') return null
    path.push(segment[1]!, ...(segment[2] === '' ? [] : segment[2]!.slice(1, -1).split('][')))
  }
  return path
}

/** The parts of `data.items[0].name`; null if it is no path below a known root. */
export function parsePath(text: string): string[] | null {
  const path = partsOf(text)
  return path !== null && (roots as readonly string[]).includes(path[0]!) ? path : null
}

/** A path as an operand: `refs.<ref>.status` and its like ask for the messages of a step. */
export function operandOf(path: string[]): Operand {
  const [root, ref, field] = path
  const of = statusPaths.find((name) => name === field)
  if (root === 'refs' && of !== undefined && path.length === 3) return { kind: 'status', ref: ref!, of }
  return { kind: 'path', path }
}

/** The value at a path, own properties and list entries only; undefined where there is none. */
export function valueAt(path: readonly string[], scope: object): unknown {
  return path.reduce<unknown>((value, name) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    if (Array.isArray(value) && !/^\d+$/.test(name)) return undefined
    return (value as Record<string, unknown>)[name]
  }, scope)
}

/** A text of the file, JSON decoded where it is JSON. */
export function decode(text: string): { value: Json; text?: string } {
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    return { value: text }
  }
  // A number that JSON has no word for, such as 1e999, stays a text.
  if (typeof value === 'number' && !Number.isFinite(value)) return { value: text }
  return typeof value === 'object' && value !== null ? { value } : { value, text }
}
