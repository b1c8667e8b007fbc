import { jsonInTag } from '../templates/liquid-source.ts'

/** A link of a layout's file; both texts may hold Liquid. */
export interface FooterLink {
  text: string
  url: string
}

const WHOLE = /\{\{-?\s*footer_links\s*-?\}\}/g
const USED = /\{[{%][^{}%]*\bfooter_links\b/

/** A layout that shows its links: `{{ footer_links }}` is all of them side by side, and tags may go through them. */
export function withFooterLinks(layout: string, links: readonly FooterLink[], kind: 'html' | 'text'): string {
  const shown = links.map(({ text, url }) => (kind === 'html' ? `<a href="${url}">${text}</a>` : `${text}: ${url}`))
  const whole = layout.replace(WHOLE, () => shown.join(kind === 'html' ? ' &middot; ' : '\n'))
  const at = USED.exec(whole)?.index
  if (at === undefined) return whole
  return `${whole.slice(0, at)}{% footer_links '${asText(links)}' %}${whole.slice(at)}`
}

/** JSON that no quote of Liquid's and neither beginning nor end of Liquid within a text is in. */
function asText(links: readonly FooterLink[]): string {
  return `[${links.map(({ text, url }) => `{"text":${jsonInTag(text)},"url":${jsonInTag(url)}}`).join(',')}]`
}
