import MarkdownIt from 'markdown-it'
import { escapeHtml, unescapeHtml } from './escape.ts'
import { ONE_PLACE } from './liquid-source.ts'

const links = new MarkdownIt()

/** An address as a client opens it: without control characters, blanks written as %20. Null: it would run code or read files. */
export function safeAddress(text: string): string | null {
  // Browsers drop control characters before they look for `javascript:`.
  const address = text
    .replace(/\p{Cc}/gu, '')
    .trim()
    .replace(/ /g, '%20')
  return links.validateLink(address) ? address : null
}

/** The same for HTML text of an attribute; one that is not safe becomes `#`. */
export function safeHtmlAddress(html: string): string {
  const text = unescapeHtml(html)
  // The whole address may be the value's, or hold what a mail client puts in itself.
  return escapeHtml(safeAddress(text) ?? '#')
}

const ATTRIBUTE = /\b(href|src|action)=("[^"]*"|'[^']*')/gi

/** Puts the addresses of covered HTML that hold Liquid into a tag that judges them once they are filled. */
export function guardAddresses(html: string): string {
  return html.replace(ATTRIBUTE, (whole, name: string, quoted: string) => {
    if (!ONE_PLACE.test(quoted)) return whole
    const quote = quoted[0]!
    return `${name}=${quote}{% address %}${quoted.slice(1, -1)}{% endaddress %}${quote}`
  })
}
