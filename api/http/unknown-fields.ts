import { z } from 'zod'

const MOST_NAMED = 10
const LONGEST_NAME = 64

/** A field that a request carries and its schema does not know. */
export interface UnknownField {
  /** `settings.skip_dely` */
  field: string
  /** The known field that it looks like. */
  meant: string | undefined
}

/**
 * Fields of a body, and of the objects in `within`, that its schema does not know; at most ten. Whoever ignores them says so:
 * a misspelt field would go missing in silence.
 */
export function unknownFields(schema: z.ZodType | undefined, body: unknown, within: readonly string[]): UnknownField[] {
  const top = unknownIn(schema, body, '')
  const inner = within.flatMap((name) => unknownIn(shapeOf(schema)?.[name], member(body, name), `${name}.`))
  return [...top, ...inner].slice(0, MOST_NAMED)
}

/** As a header's value: names are cut, and characters that a header cannot carry are question marks. */
export function warningOf(unknown: readonly UnknownField[]): string {
  const shown = (name: string) => `"${name.slice(0, LONGEST_NAME).replace(/[^\x21\x23-\x7e]/g, '?')}"`
  return unknown
    .map(({ field, meant }) =>
      meant === undefined
        ? `${shown(field)} is not a field of this request and was ignored`
        : `${shown(field)} was ignored: did you mean ${shown(meant)}?`,
    )
    .join('; ')
}

function unknownIn(schema: unknown, value: unknown, prefix: string): UnknownField[] {
  const shape = shapeOf(schema)
  if (shape === undefined || typeof value !== 'object' || value === null || Array.isArray(value)) return []
  const known = Object.keys(shape)
  return Object.keys(value)
    .filter((name) => !Object.hasOwn(shape, name))
    .slice(0, MOST_NAMED)
    .map((name) => {
      const meant = known.find((each) => looksLike(name, each))
      return { field: `${prefix}${name}`, meant: meant === undefined ? undefined : `${prefix}${meant}` }
    })
}

/** The fields of an object's schema, also where it may be left out. */
function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return shapeOf(schema.unwrap())
  return schema instanceof z.ZodObject ? schema.shape : undefined
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

/** Another spelling, at most two letters off, or the beginning of the other with four letters or more. */
function looksLike(name: string, known: string): boolean {
  if (name.length > LONGEST_NAME) return false
  const [a, b] = [plain(name), plain(known)]
  if (Math.min(a.length, b.length) < 4) return a === b
  return a.startsWith(b) || b.startsWith(a) || distance(a, b) <= 2
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** Levenshtein's: how many letters are to be put in, left out or changed. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const changed = above[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(changed, above[column]! + 1, current[column - 1]! + 1))
    }
    above = current
  }
  return above[b.length]!
}
