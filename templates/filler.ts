import { withExactNumbers } from '../json/source.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { safeAddress } from './address.ts'
import { compileMjml } from './email/mjml.ts'
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
  readonly #scope: Scope
  readonly #rendering: RenderingOptions
  /** Characters of all texts so far. */
  written = 0

  constructor(step: string, scope: Scope) {
    this.#step = step
    this.#scope = scope
    this.#rendering = renderingFor(scope)
  }

  text(field: string, text: string, context: LiquidContext): string {
    try {
      const filled = renderLiquid(text, context, this.#scope, this.#rendering)
      this.written += filled.length
      return filled
    } catch (error) {
      throw new TemplateError(this.#step, `template.${field}`, (error as Error).message)
    }
  }

  /** MJML that is filled in, as HTML. */
  mjml(field: string, source: string): string {
    try {
      const html = compileMjml(source)
      this.written += html.length
      return html
    } catch (error) {
      throw new TemplateError(this.#step, `template.${field}`, (error as Error).message)
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
    throw new TemplateError(this.#step, `template.${field}`, 'is not a JSON object once it is filled in')
  }

  /** An address that a client may open. */
  address(field: string, text: string): string {
    const address = safeAddress(this.text(field, text, 'text'))
    if (address !== null) return address
    throw new TemplateError(this.#step, `template.${field}`, 'is an address that is not safe to open')
  }
}

/** On one line, without space at its ends. */
export function onOneLine(text: string): string {
  return text
    .trim()
    .split(/[\r\n]+/)
    .map((part) => part.trim())
    .join(' ')
}
