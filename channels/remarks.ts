import type { Remark } from '../definitions/problem.ts'
import type { JsonPath } from '../definitions/source.ts'
import type { PartialSource } from '../templates/liquid/rendering.ts'
import { compileMarkdown, oddInMarkdown } from '../templates/markdown.ts'
import { oddInHtml, oddInText } from '../templates/odd-places.ts'

type Partials = Readonly<Record<string, PartialSource>>

const told = (at: JsonPath, odd: readonly string[]): Remark[] => odd.map((message) => ({ at, message }))

/** What is odd about Markdown of a template that is compiled to HTML. */
export const remarksOnMarkdown = (at: JsonPath, text: string, partials?: Partials): Remark[] =>
  told(at, [...oddInMarkdown(text), ...oddInHtml(compileMarkdown(text).html, partials)])

/** The same of HTML. */
export const remarksOnHtml = (at: JsonPath, text: string, partials?: Partials): Remark[] =>
  told(at, oddInHtml(text, partials))

/** The same of texts that are shown as they are, by their fields. */
export const remarksOnTexts = (texts: Readonly<Record<string, string | null>>, at: JsonPath = []): Remark[] =>
  Object.entries(texts).flatMap(([field, text]) => told([...at, field], text === null ? [] : oddInText(text)))
