import { endOf } from './ends-of.ts'
import type { Place } from './places.ts'

/** What a value stands between, and in. */
export interface Around {
  /** The line up to it, with what other values made. */
  before: string
  /** What the author wrote up to the next value. */
  after: string
  /** Another value follows, be it at once. */
  hasNext: boolean
  place: Place
}

/** Is nothing to see, and to Markdown a letter. */
const LETTER = '\u200b'
const DELIMITER = /[*_~]/
const ADDRESS = /^(?:https?:\/\/[^\s<>\p{Cc}]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)$/u

/**
 * A value within text: no character of it is markup or makes markup of what is around it, and its lines are breaks within
 * the author's own block, blanks where that is one line. `before` is short.
 */
export function escapedText(value: string, { before, after, hasNext, place }: Around): string {
  // An author who puts an address between angle brackets means a link.
  if (before.endsWith('<') && after.startsWith('>') && ADDRESS.test(value))
    return value.replace(/[\\`]/g, encodeURIComponent)
  const isLine = place.kind === 'line'
  const shown = place.hasTick === true ? value.replaceAll('`', 'ˋ') : value
  let text = (isLine ? shown.replace(/\n/g, ' ') : shown).replace(/[&<>"'[\]()*_`~\\#|]/g, '\\$&')
  // Text that a line begins with, or consists of, may be a list, a rule, the underline of a heading, or code.
  text = text
    .replace(/\n[ \t]+/g, '\n')
    .replace(/\n([-+=:])/g, '\n\\$1')
    .replace(/\n(\d{1,9})([.)])/g, '\n$1\\$2')
  text = text.slice(0, endOf(text, '\n'))
  const last = before.at(-1) ?? ''
  const isAtStart = !/\p{L}/u.test(before)
  text =
    /^\s?$/.test(last) || DELIMITER.test(last) || isAtStart ? text.replace(/^[ \t]+/, '') : text.replace(/^[ \t]+/, ' ')
  if (isAtStart) text = text.replace(/^(\d{1,9})([.)])/, '$1\\$2').replace(/^[-+=]/, '\\$&')
  if (isAtStart || last === ']') text = text.replace(/^:/, '\\:')
  if (/\d/.test(last)) text = text.replace(/^\./, '\\.')
  if (/^[*_~\n]/.test(after) || (after === '' && !hasNext)) text = text.slice(0, endOf(text, ' \t'))
  text = text.replaceAll('\n', '\\\n')
  if (place.isCell === true && text.endsWith('\\') && after.startsWith('|')) text += ' '
  return beside(text, { before, after, hasNext })
}

/** What is around a value stays what it is: emphasis, a backslash of the author's, an ampersand. */
function beside(text: string, { before, after, hasNext }: Omit<Around, 'place'>): string {
  const last = before.at(-1) ?? ''
  const isDelimited = DELIMITER.test(last) || DELIMITER.test(after[0] ?? '')
  if (text === '') {
    // Backticks around it would be one run.
    const isTicked = last === '`' && after.startsWith('`')
    return (isDelimited || isTicked) && !(after === '' && hasNext) ? LETTER : ''
  }
  let start = ''
  let end = ''
  if ((before.length - endOf(before, '\\')) % 2 === 1) start = '\\'
  else if (/^&#?\w{0,30}$/.test(before.slice(before.lastIndexOf('&'))) && /^#?\w{0,30};/.test(text)) start = LETTER
  else if (/[\p{L}\p{N}\u200b][*_~]+$/u.test(before) && !/^[\p{L}\p{N}]/u.test(text)) start = LETTER
  else if (DELIMITER.test(last) && /^\s/.test(text)) start = LETTER
  if (DELIMITER.test(after[0] ?? '') && /\s$/.test(text)) end = LETTER
  else if (wordBehind(hasNext).test(after) && !/[\p{L}\p{N}]$/u.test(text)) end = LETTER
  return start + text + end
}

/** Matches emphasis that a letter follows, or what may be one. */
const wordBehind = (hasNext: boolean) => (hasNext ? /^[*_~]+(?:[\p{L}\p{N}]|$)/u : /^[*_~]+[\p{L}\p{N}]/u)
