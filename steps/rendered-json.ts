import { MAX_DEPTH, tooDeep, withExactNumbers } from '../json/source.ts'
import type { Json, JsonObject } from '../store/schema/index.ts'
import { renderLiquid } from '../templates/liquid.ts'
import { renderingFor } from '../templates/rendering-for.ts'
import type { Scope } from '../templates/scope.ts'

/** A field of a step, rendered; or why it cannot be. */
export function renderedText(field: string, template: string, scope: Scope): { text: string } | { problem: string } {
  try {
    return { text: renderLiquid(template, 'text', scope, renderingFor(scope)).trim() }
  } catch (error) {
    return { problem: `${field}: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** A field of a step that renders as a JSON object; or why it does not. Nothing is an empty object. */
export function renderedObject(
  field: string,
  template: string,
  scope: Scope,
): { object: JsonObject } | { problem: string } {
  const rendered = renderedText(field, template, scope)
  if ('problem' in rendered) return rendered
  if (rendered.text === '') return { object: {} }
  const read = storableJson(rendered.text)
  if (read !== null && 'deep' in read) return { problem: `${field} renders as JSON that ${read.deep}` }
  const value = read?.value
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { object: value }
  return { problem: `${field} must render as a JSON object` }
}

/** A text as JSON that Postgres can hold: a \u escape may name what it cannot. `deep`: why it is too deep; null: it is no JSON. */
export function storableJson(text: string): { value: Json } | { deep: string } | null {
  let value: Json
  try {
    value = JSON.parse(withExactNumbers(text)) as Json
  } catch {
    return null
  }
  try {
    return { value: clean(value, 0) }
  } catch (error) {
    if (error instanceof RangeError) return { deep: tooDeep }
    throw error
  }
}

function clean(value: Json, depth: number): Json {
  if (depth > MAX_DEPTH) throw new RangeError(tooDeep)
  if (typeof value === 'string') return text(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((inner) => clean(inner, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [text(name), clean(inner, depth + 1)]))
}

const text = (given: string) => given.replace(/[\0\p{Surrogate}]/gu, '\ufffd')
