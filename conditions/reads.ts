import type { Argument, ConditionGroup, ConditionNode } from './conditions.ts'
import { roots, type Root } from './path.ts'

/** What conditions read, so that it can be loaded before they are evaluated. Each list is sorted and without doubles. */
export interface ConditionReads {
  /** The roots read by path, `refs` included. A template may read more. */
  roots: Root[]
  /** The steps whose messages are asked for. */
  messagesOf: string[]
  /** The steps whose output is read, such as `refs.wait_1.matched`. */
  outputsOf: string[]
  /** The Liquid templates that give an argument. */
  templates: string[]
}

/** What evaluating these conditions needs loaded. */
export function readsOf(...all: (ConditionGroup | null)[]): ConditionReads {
  const found = {
    roots: new Set<string>(),
    messages: new Set<string>(),
    outputs: new Set<string>(),
    templates: new Set<string>(),
  }
  const operand = (given: Argument): void => {
    if (given.kind === 'list') given.items.forEach(operand)
    if (given.kind === 'liquid') found.templates.add(given.template)
    if (given.kind === 'status') {
      found.roots.add('refs')
      found.messages.add(given.ref)
    }
    if (given.kind !== 'path') return
    found.roots.add(given.path[0]!)
    if (given.path[0] === 'refs' && given.path[1] !== undefined) found.outputs.add(given.path[1])
  }
  const visit = (node: ConditionNode): void => {
    if ('match' in node) return node.conditions.forEach(visit)
    operand(node.variable)
    if (node.argument !== null) operand(node.argument)
  }
  for (const group of all) if (group !== null) visit(group)
  return {
    roots: roots.filter((root) => found.roots.has(root)),
    messagesOf: [...found.messages].sort(),
    outputsOf: [...found.outputs].sort(),
    templates: [...found.templates].sort(),
  }
}

/** Every path that conditions read, as a variable, an argument or an end of a between; a template may read more. */
export function pathsOf(node: ConditionNode): string[][] {
  if ('match' in node) return node.conditions.flatMap(pathsOf)
  const pathsIn = (given: Argument): string[][] => {
    if (given.kind === 'list') return given.items.flatMap(pathsIn)
    return given.kind === 'path' ? [given.path] : []
  }
  return [...pathsIn(node.variable), ...(node.argument === null ? [] : pathsIn(node.argument))]
}
