import { z } from 'zod'

const MAX_DEPTH = 3

/** A field of an answer: its name after those of what encloses it. */
type FieldPath = string[]

/** `exclude=entries.activities,entries.data`: fields of the answer to leave out, in a list those of each entry. */
export const exclude = z
  .string()
  .transform((text, context): FieldPath[] => {
    const paths = text.split(',').flatMap((path) => (path.trim() === '' ? [] : [path.trim().split('.')]))
    if (paths.every((path) => path.length <= MAX_DEPTH && !path.includes(''))) return paths
    context.addIssue({
      code: 'custom',
      message: `must be paths of at most ${MAX_DEPTH} names, with commas between them: entries.data,entries.activities.actor`,
      params: { type: 'format' },
    })
    return z.NEVER
  })
  .meta({
    type: 'string',
    description:
      'Fields to leave out of the answer, with commas between them and at most 3 names deep: entries.data,entries.activities.actor',
  })

/** The answer without these fields; a path that names none changes nothing. */
export function without<Answer>(answer: Answer, paths: readonly FieldPath[]): Answer {
  return (paths.length === 0 ? answer : strip(answer, paths)) as Answer
}

function strip(value: unknown, paths: readonly FieldPath[]): unknown {
  if (Array.isArray(value)) return value.map((item) => strip(item, paths))
  if (typeof value !== 'object' || value === null) return value
  const left = Object.entries(value).filter(([name]) => !paths.some((path) => path.length === 1 && path[0] === name))
  return Object.fromEntries(
    left.map(([name, inner]) => {
      const within = paths.flatMap(([first, ...rest]) => (first === name ? [rest] : []))
      return [name, within.length === 0 ? inner : strip(inner, within)]
    }),
  )
}
