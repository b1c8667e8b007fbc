import MarkdownIt from 'markdown-it'
import { ONE_PLACE, type Covered } from './liquid-source.ts'

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

const ATTRIBUTE = /\b(href|src|action)=("[^"]*"|'[^']*')/gi
/** An image of HTML or MJML. */
const IMAGE = /<img\b[^<>]*>|<mj-image\b[^<>]*\/>/gi
/** One with a link around it that holds nothing else. */
const LINKED_IMAGE = /<a\b[^<>]*>\s?<img\b[^<>]*>\s?<\/a>/gi
const SOURCE = /\bsrc=("[^"]*"|'[^']*')/i

/**
 * Puts the addresses of covered HTML that hold Liquid into a tag that judges them once they are filled, and uncovers it. An
 * image whose address comes out empty is left out.
 */
export function guardAddresses({ text, uncover }: Covered): string {
  // What was guarded as a part of this text is not guarded twice.
  const isOpen = (address: string) => ONE_PLACE.test(address) && !uncover(address).startsWith('{% address')
  const guardImage = (image: string) => {
    const source = SOURCE.exec(image)?.[1]?.slice(1, -1) ?? ''
    if (!isOpen(source)) return image
    const needed = image.replace(SOURCE, (src) => src.replace(source, () => neededAddress(source)))
    return addressed(needed, 'an image', uncover(source))
  }
  const guarded = text
    .replace(LINKED_IMAGE, guardImage)
    .replace(IMAGE, guardImage)
    .replace(ATTRIBUTE, (whole, name: string, quoted: string) => {
      const address = quoted.slice(1, -1)
      const quote = quoted[0]!
      return isOpen(address) ? `${name}=${quote}{% address %}${address}{% endaddress %}${quote}` : whole
    })
  return uncover(guarded)
}

/** An address, as Liquid, without which the piece that it stands in is left out. */
export const neededAddress = (address: string): string => `{% address needed %}${address}{% endaddress %}`

/** The same, of an address that is not shown there. */
export const judgedAddress = (address: string): string => `{% address judged %}${address}{% endaddress %}`

/**
 * A piece of a template that is left out where a needed address in it comes out empty or is not safe to open. A warning
 * names it by `what`, and by its address as the author wrote it.
 */
export function addressed(piece: string, what: string, address: string): string {
  const source = plain(address.replace(/\{[{%]-?|-?[%}]\}/g, ' '))
    .trim()
    .slice(0, 100)
  return `{% addressed "${plain(what)} is left out, since it has no address${source && `: ${source}`}" %}${piece}{% endaddressed %}`
}

/** The same of a piece that may be missing. */
export const whereAddressed = (piece: string): string => `{% addressed %}${piece}{% endaddressed %}`

/** Without what would end the name of a tag. */
const plain = (text: string): string => text.replace(/[{}%"'|\\\s]+/g, ' ')
