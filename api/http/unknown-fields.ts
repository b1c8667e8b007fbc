import type { z } from 'zod'
import { fieldName } from '../../json/field-name.ts'
import { schemaWithin } from '../../settings/schemas-within.ts'
import { LONGEST_NAME, looksLike } from './looks-like.ts'

const MOST_NAMED = 10
/** Some clients write what they read, with what an answer has besides. */
const writtenBack = new Set(['id', '__typename'])

/** A field that a request carries and its schema does not know. */
export interface UnknownField {
  /** `settings.skip_dely` */
  field: string
  /** The known field that it looks like. */
  meant: string | undefined
}

type Path = readonly PropertyKey[]

/**
 * Fields of a body, at any depth, that its schema does not know and leaves out; at most ten. Whoever ignores them says so:
 * a misspelt field would go missing in silence. What a caller may name at will (properties, data) is not looked at.
 */
export function unknownFields(schema: z.ZodType | undefined, body: unknown): UnknownField[] {
  const found: UnknownField[] = []
  if (schema !== undefined) look(schema, body, [], found)
  return found
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

/** The fields of a body, where it is an object. */
export function fieldsOf(schema: z.ZodType | undefined): string[] {
  return schema === undefined ? [] : Object.keys(defOf(plainOf(schema)).shape ?? {})
}

/** What is asked of zod's schemas here, whatever they are. */
interface Def {
  type: string
  /** Of what may be left out. */
  innerType?: z.ZodType
  /** Of a pipe: what is read, and what by. One of them is a transform, where something is transformed. */
  in?: z.ZodType
  out?: z.ZodType
  /** Of objects; with `catchall` other fields are kept, or refused. */
  shape?: Record<string, z.ZodType>
  catchall?: z.ZodType
  /** Of unions, lists, records. */
  options?: z.ZodType[]
  element?: z.ZodType
  valueType?: z.ZodType
}

const defOf = (schema: z.ZodType): Def => schema.def

/** A schema, and beneath it those that remain without what only lets it be left out, or changes what was read. */
function layersOf(schema: z.ZodType): z.ZodType[] {
  const { type, innerType, in: first, out } = defOf(schema)
  const beneath = type === 'pipe' && defOf(first!).type === 'transform' ? out : (innerType ?? first)
  return beneath === undefined ? [schema] : [schema, ...layersOf(beneath)]
}

const plainOf = (schema: z.ZodType) => layersOf(schema).at(-1)!

function look(given: z.ZodType, value: unknown, path: Path, found: UnknownField[]): void {
  if (found.length >= MOST_NAMED || typeof value !== 'object' || value === null) return
  const layers = layersOf(given)
  for (const within of layers.map(schemaWithin)) if (within !== undefined) look(within, value, path, found)
  const { options, element, valueType, shape, catchall } = defOf(layers.at(-1)!)
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length && element !== undefined; at += 1) look(element, value[at], [...path, at], found)
    return
  }
  const object = value as Record<string, unknown>
  const objects = (options ?? []).filter((each) => takesObjects(plainOf(each)))
  if (objects.length === 1) look(objects[0]!, object, path, found)
  if (valueType !== undefined)
    for (const [name, inner] of Object.entries(object)) look(valueType, inner, [...path, name], found)
  if (shape === undefined) return
  if (catchall === undefined) found.push(...unknownIn(shape, object, path).slice(0, MOST_NAMED - found.length))
  for (const name of Object.keys(shape))
    if (Object.hasOwn(object, name)) look(shape[name]!, object[name], [...path, name], found)
}

function takesObjects(schema: z.ZodType): boolean {
  const { shape, valueType } = defOf(schema)
  return shape !== undefined || valueType !== undefined
}

function unknownIn(shape: object, object: object, path: Path): UnknownField[] {
  const nameAt = (name: string) => fieldName([...path, name])
  return Object.keys(object)
    .filter((name) => !Object.hasOwn(shape, name) && !writtenBack.has(name))
    .slice(0, MOST_NAMED)
    .map((name) => {
      const meant = Object.keys(shape).find((each) => looksLike(name, each))
      return { field: nameAt(name), meant: meant === undefined ? undefined : nameAt(meant) }
    })
}
