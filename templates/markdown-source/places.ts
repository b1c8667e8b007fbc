import MarkdownIt from 'markdown-it'
import type { Token } from 'markdown-it'

/**
 * Where something stands in Markdown: within `code` of a line, in code of several lines (`fence`, as its marks are), in the
 * name of a fence's language (`info`), in an address (`target`, or `autolink` between angle brackets), in what is one line
 * only (`line`), else in text. `isCell`: within a table.
 */
export interface Place {
  kind: 'text' | 'line' | 'code' | 'fence' | 'block' | 'info' | 'target' | 'autolink'
  /** Of a fence: '`' or '~'. */
  mark?: string
  /** Of a fence or code block: nothing is around it. */
  isOutermost?: boolean
  isCell?: boolean
  /** The author wrote a backtick in the same text that begins no code; one of a value, be it escaped, would end it. */
  hasTick?: boolean
}

/** As chats read it: HTML is text. */
const markdown = new MarkdownIt({ html: false })
// Their text is looked through, and leads nowhere.
markdown.validateLink = () => true
markdown.normalizeLink = (address) => address

const PLACE = /\ufdd0(\d+)\ufdd2/g
/** Without any of these all is text of several lines. */
const STRUCTURE = /[`~#|<[\t]| {4}|^[ >]*(?:[-=]+)[ \t]*$/m

/** A mark that Markdown takes for a letter, by its number; `placesIn` tells where it stands. */
export const placeMark = (number: number): string => `\ufdd0${number}\ufdd2`

/** Where the marks of a text stand, by their numbers; one that is not in the result stands in text. */
export function placesIn(source: string): Map<number, Place> {
  const places = new Map<number, Place>()
  if (!STRUCTURE.test(source)) return places
  const note = (text: string, place: Place) => {
    for (const [, digits] of text.matchAll(PLACE)) if (!places.has(Number(digits))) places.set(Number(digits), place)
  }
  let around: Place = { kind: 'text' }
  for (const { type, content, info, level, markup, children } of markdown.parse(source, {})) {
    if (type === 'heading_open') around = { kind: 'line' }
    else if (type === 'th_open' || type === 'td_open') around = { kind: 'line', isCell: true }
    else if (/^(?:heading|th|td)_close$/.test(type)) around = { kind: 'text' }
    else if (type === 'inline') noteInline(children ?? [], around, note)
    else if (type === 'fence') {
      note(info, { kind: 'info' })
      note(content, { kind: 'fence', mark: markup[0]!, isOutermost: level === 0 })
    } else if (type === 'code_block') note(content, { kind: 'block' })
  }
  return places
}

function noteInline(tokens: Token[], given: Place, note: (text: string, place: Place) => void): void {
  const hasTick = tokens.some(({ type, content }) => type === 'text' && content.includes('`'))
  const around = hasTick ? { ...given, hasTick } : given
  for (const token of tokens) {
    const { type, content, markup, children } = token
    if (type === 'code_inline') note(content, { ...around, kind: 'code' })
    else if (type === 'text') note(content, around)
    else if (type === 'link_open' || type === 'image') {
      const address = token.attrGet(type === 'image' ? 'src' : 'href') ?? ''
      note(address, { ...around, kind: markup === 'autolink' ? 'autolink' : 'target' })
      note(token.attrGet('title') ?? '', { ...around, kind: 'line' })
      if (children !== null) noteInline(children, around, note)
    }
  }
}
