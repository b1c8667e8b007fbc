import { withExactNumbers } from '../json/source.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { safeAddress } from './address.ts'
import { renderLiquid, type LiquidContext, type RenderingOptions } from './liquid.ts'
import { renderingFor } from './rendering-for.ts'
import type { Scope } from './scope.ts'

/** A template that cannot be rendered for this scope. Another try would end the same way. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  /** The step's ref. */
  readonly step: string
  /** As in workflow.json: `template.markdown_body`. */
  readonly field: string

  constructor(step: string, field: string, reason: string) {
    super(`step ${step}, ${field}: ${reason}`)
    this.step = step
    this.field = field
  }
}

/** Fills the texts of one step for one recipient. A class, since there is one for every recipient and closures are dear. */
export class Filler {
  readonly #step: string
  readonly scope: Scope
  readonly #rendering: RenderingOptions
  /** Characters of all texts so far. */
  written = 0

  constructor(step: string, scope: Scope) {
    this.#step = step
    this.scope = scope
    this.#rendering = renderingFor(scope)
  }

  text(field: string, text: string, context: LiquidContext): string {
    try {
      const filled = renderLiquid(text, context, this.scope, this.#rendering)
      this.written += filled.length
      return filled
    } catch (error) {
      throw this.error(field, (error as Error).message)
    }
  }

  /** A text that is made of one that is filled in; where `make` throws an Error, its field is wrong. */
  made(field: string, make: () => string): string {
    try {
      const text = make()
      this.written += text.length
      return text
    } catch (error) {
      throw this.error(field, (error as Error).message)
    }
  }

  /** On one line, without space at its ends. */
  line(field: string, text: string): string {
    return onOneLine(this.text(field, text, 'text'))
  }

  /** A JSON object, each number in it that a double cannot hold as a text; null where the template has none. */
  json(field: string, text: string | null): JsonObject | null {
    if (text === null) return null
    const filled = this.text(field, text, 'text')
    try {
      const value: unknown = JSON.parse(withExactNumbers(filled))
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
    } catch {
      // Said below.
    }
    throw this.error(field, 'is not a JSON object once it is filled in')
  }

  /** An address that a client may open. */
  address(field: string, text: string): string {
    const address = safeAddress(this.text(field, text, 'text'))
    if (address !== null) return address
    throw this.error(field, 'is an address that is not safe to open')
  }

  /** Says that a field of the template shows otherwise than asked. */
  warn(field: string, message: string): void {
    this.#rendering.warn?.(`${field} ${message}`)
  }

  /** That a field of the template cannot be rendered. */
  error(field: string, reason: string): TemplateError {
    return new TemplateError(this.#step, `template.${field}`, reason)
  }
}

/**
 * Fills a text that is not of the step's template, such as a setting of its channel: on one line, without space at its ends.
 * `field` names it. Throws a TemplateError.
 */
export function renderLine(step: string, field: string, text: string, scope: Scope): string {
  try {
    return onOneLine(renderLiquid(text, 'text', scope, renderingFor(scope)))
  } catch (error) {
    throw new TemplateError(step, field, (error as Error).message)
  }
}

/** On one line, without space at its ends. */
function onOneLine(text: string): string {
  return text
    .trim()
    .split(/[\r\n]+/)
    .map((part) => part.trim())
    .join(' ')
}
