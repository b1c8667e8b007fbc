import { withExactNumbers } from '../json/source.ts'
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
  try {
    const value = JSON.parse(withExactNumbers(rendered.text)) as Json
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { object: storable(value) }
  } catch {
    // Said below.
  }
  return { problem: `${field} must render as a JSON object` }
}

/** As Postgres can hold it: a \u escape may name what it cannot. */
export function storable<Value extends Json>(value: Value): Value {
  return clean(value, 0) as Value
}

const DEEPEST = 100

function clean(value: Json, depth: number): Json {
  if (depth > DEEPEST) throw new RangeError(`is nested deeper than ${DEEPEST}`)
  if (typeof value === 'string') return text(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((inner) => clean(inner, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [text(name), clean(inner, depth + 1)]))
}

const text = (given: string) => given.replace(/[\0\p{Surrogate}]/gu, '\ufffd')
