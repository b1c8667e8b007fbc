import MarkdownIt from 'markdown-it'
import { revealHtml, revealText } from './escape.ts'
import { markdownText } from './markdown-text.ts'

// HTML in Markdown is shown, not obeyed.
const markdown = new MarkdownIt({ html: false })

/** False for addresses that run code or read files, such as `javascript:`. */
export const isSafeAddress = markdown.validateLink.bind(markdown)

// A link is judged and written by what stands there in the end, not by what hides in it.
const normalizeLink = markdown.normalizeLink.bind(markdown)
markdown.normalizeLink = (address) => normalizeLink(revealText(address))

/** Safe HTML of Markdown whose values are hidden (templates/escape.ts). */
export function toHtml(source: string): string {
  return revealHtml(markdown.render(source)).trim()
}

/** The same as plain text. */
export function toText(source: string): string {
  return revealText(markdownText(markdown.parse(source, {})))
}
