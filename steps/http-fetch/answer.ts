import type { HttpAnswer } from '../../channels/http-client.ts'
import { withoutHidden } from '../../channels/hidden.ts'
import { oneLine } from '../../channels/sender.ts'
import type { Json, JsonObject } from '../../store/schema/index.ts'
import { storableJson } from '../rendered-json.ts'

/** What a fetch may add to the data of one recipient run, in bytes of JSON. */
export const ANSWER_BYTES = 262_144
/** How much of an answer is shown in a reason. */
const SHOWN = 200

const GOOD = new Set([200, 201, 204])

/** What is laid over `data`; or why the answer cannot be used, and whether another try may be answered otherwise. */
export type Fetched = { data: JsonObject } | { problem: string; again: boolean }

/**
 * Reads an answer: 200, 201 or 204 with JSON in UTF-8 or nothing. It is laid over `data`, or over what stands at `path`, field by
 * field; what is no object stands at `path` alone. A path may lead through a list, by a place that it has. `data` is what the
 * recipient run sees so far. `hidden` is struck out of what is shown of an answer: a far side may say what it was told.
 */
export function readAnswer(
  answer: HttpAnswer,
  path: string[] | null,
  data: JsonObject,
  hidden: readonly string[] = [],
): Fetched {
  const { status, body, isWhole, isUtf8 } = answer
  const shown = () => withoutHidden(body, hidden).slice(0, SHOWN)
  if (!GOOD.has(status)) return { problem: oneLine(`answered ${status} ${shown()}`), again: status >= 500 }
  if (!isWhole && Buffer.byteLength(body) >= ANSWER_BYTES)
    return { problem: `answered more than ${ANSWER_BYTES} bytes`, again: false }
  if (!isWhole) return { problem: 'the answer broke off', again: true }
  // Two different ids would become one.
  if (!isUtf8) return { problem: 'answered a body that is not UTF-8', again: false }
  if (body.trim() === '') return { data: {} }
  const parsed = storableJson(body)
  if (parsed === null) return { problem: oneLine(`answered no JSON: ${shown()}`), again: false }
  if ('deep' in parsed) return { problem: `answered JSON that ${parsed.deep}`, again: false }
  const read = parsed.value
  const lost = path === null ? null : lostPlace(path, data)
  if (lost !== null) return { problem: lost, again: false }
  const over = path === null ? read : { [path[0]!]: placed(path.slice(1), read, data[path[0]!]) }
  if (typeof over !== 'object' || over === null || Array.isArray(over))
    return { problem: 'answered JSON that is no object: give the step a response_path', again: false }
  return { data: over }
}

function placed([name, ...rest]: string[], value: Json, at: Json | undefined): Json {
  if (name === undefined) return isObject(value) && isObject(at) ? { ...at, ...value } : value
  if (Array.isArray(at)) return at.with(Number(name), placed(rest, value, at[Number(name)]))
  const here = isObject(at) ? at : {}
  return { ...here, [name]: placed(rest, value, here[name]) }
}

/** Why a path cannot lead through what stands there, a list without the place or a value: it would be lost. Null: it can. */
function lostPlace(path: readonly string[], data: JsonObject): string | null {
  let at: Json | undefined = data
  for (const [depth, name] of path.entries()) {
    if (!isNothing(at) && typeof at !== 'object') {
      const value = ['data', ...path.slice(0, depth)].join('.')
      return `response_path ${path.join('.')} leads through ${value}, which holds a value and would be lost`
    }
    if (Array.isArray(at) && !(/^\d{1,9}$/.test(name) && Number(name) < at.length)) {
      const list = ['data', ...path.slice(0, depth)].join('.')
      return `response_path ${path.join('.')} leads through ${list}, a list that has no place ${name}`
    }
    at = Array.isArray(at) ? at[Number(name)] : isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
  }
  return null
}

const isNothing = (value: Json | undefined) => value === undefined || value === null || value === ''

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
