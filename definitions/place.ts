import { fieldName, type DefinitionProblem } from './problem.ts'
import type { JsonPath, Source } from './source.ts'

/** The file of a definition that a path stands in, and the line; a template's own mistakes tell theirs. */
export function fileAndLine(source: Source, at: JsonPath, message: string): { file: string; line: number | undefined } {
  const inTemplate = /, line:(\d+), col:\d+/.exec(message)?.[1]
  const line = source.lineOf(at) ?? (inTemplate === undefined ? undefined : Number(inTemplate))
  return { file: source.fileOf(at), line }
}

/** A path in a step is told by the step's ref and the path within it; in a step of a branch by that step's. */
export function stepAndField(source: Source, at: JsonPath): Pick<DefinitionProblem, 'step' | 'field'> {
  let place: { ref: string | undefined; depth: number } = { ref: undefined, depth: 0 }
  let value = source.value
  at.forEach((part, index) => {
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[part]
    if (typeof part !== 'number' || at[index - 1] !== 'steps') return
    const ref = (value as { ref?: unknown } | null | undefined)?.ref
    if (typeof ref === 'string') place = { ref, depth: index + 1 }
  })
  const field = fieldName(at.slice(place.depth))
  return { ...(place.ref !== undefined && { step: place.ref }), ...(field !== '' && { field }) }
}
