import { escapedText, type Around } from './escaped-text.ts'
import { endOf } from './ends-of.ts'
import { piecesOf } from './marks.ts'
import { placeMark, placesIn } from './places.ts'

/** How far back a line is looked at. */
const BACK = 200
/** What a block begins with that goes on in the next line, behind blanks. */
const PREFIX = /^[\s>]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+[\s>]*)*/

/**
 * Markdown source with its values (`marked`) in it, each as it can stand there: nothing of a value is markup, and within
 * code it is shown as it is, but that a backtick which could end the code is one that looks alike.
 */
export function withValues(source: string): string {
  const { written, values } = piecesOf(source)
  if (values.length === 0) return written.join('')
  const places = placesIn(
    values.reduce((text, _value, index) => text + placeMark(index) + written[index + 1]!, written[0]!),
  )
  const parts = [written[0]!]
  let line = lastLineOf(written[0]!)
  for (const [index, given] of values.entries()) {
    const place = places.get(index) ?? { kind: 'text' }
    if (place.kind === 'code' && /^[\s>]*$/.test(line)) {
      const joined = ontoLineBefore(parts.at(-1)!)
      if (joined !== parts.at(-1)) [parts[parts.length - 1], line] = [joined, ' ']
    }
    const text = given.replace(/\r\n?/g, '\n')
    const after = written[index + 1]!
    const hasNext = index + 1 < values.length
    const value = placed(text.slice(0, endOf(text, '\n')), { before: line, after, hasNext, place })
    parts.push(value, after)
    line = lastLineOf(line + value + after)
  }
  return parts.join('')
}

/** What stands last in the same line; of a long one only its end, behind a letter. */
function lastLineOf(text: string): string {
  const line = text.slice(text.lastIndexOf('\n') + 1)
  return line.length > BACK ? `x${line.slice(-BACK)}` : line
}

/** A line of code that begins with a value goes on in the line before it, where the value begins no block. */
function ontoLineBefore(written: string): string {
  const at = written.lastIndexOf('\n')
  return at < 0 ? written : `${written.slice(0, at)} `
}

function placed(value: string, around: Around): string {
  switch (around.place.kind) {
    case 'code':
      return inCode(value, around)
    case 'fence':
    case 'block':
      return inLines(value, around)
    case 'info':
      return value.replace(/[^\w+#.-]/g, '')
    case 'target':
      return value.replace(/[\s\p{Cc}"'()<>[\]\\`^{|}]/gu, encoded).replace(/&(?=#?\w+;)/g, '\\&')
    case 'autolink':
      return value.replace(/[\s\p{Cc}"<>\\`^{|}]/gu, encoded)
    default:
      return escapedText(value, around)
  }
}

/** As an address has it; characters that no address holds go. */
function encoded(character: string): string {
  if (/\p{Cc}/u.test(character)) return ''
  const code = character.charCodeAt(0)
  return code < 128 ? `%${code.toString(16).toUpperCase().padStart(2, '0')}` : encodeURIComponent(character)
}

function inCode(value: string, { before, after, place }: Around): string {
  const text = value.replace(/\n/g, ' ').replaceAll('`', 'ˋ')
  if (text === '' && before.endsWith('`') && after.startsWith('`')) return '\u00a0'
  return place.isCell === true ? text.replaceAll('|', '\\|') : text
}

/** Its lines stay, as deep as the first; a run of marks that could end a fence is one of marks that look alike. */
function inLines(value: string, { before, after, place }: Around): string {
  const isFence = place.kind === 'fence'
  let text = isFence ? value.replace(/`{3,}/g, lookalike) : value
  if (isFence && before.endsWith('`')) text = text.replace(/^`+/, lookalike)
  if (isFence && after.startsWith('`')) text = withEnd(text, '`')
  if (place.mark === '~') {
    text = text.replace(/~{3,}/g, lookalike)
    if (before.endsWith('~')) text = text.replace(/^~+/, lookalike)
    if (after.startsWith('~')) text = withEnd(text, '~')
  }
  if (text === '' && before.endsWith(place.mark ?? ' ') && after.startsWith(place.mark ?? ' ')) return '\u200b'
  if (isFence && place.isOutermost === true) return text
  if (text.trim() === '' && before.trim() === '' && /^(?:\n|$)/.test(after) && !isFence) return '\u00a0'
  const prefix = PREFIX.exec(before)![0].replace(/[^\s>]/g, ' ')
  return text.replaceAll('\n', `\n${prefix}`)
}

const lookalike = (run: string) => run.replaceAll('`', 'ˋ').replaceAll('~', '˜')

/** With its last run of a character looking alike. */
function withEnd(text: string, mark: string): string {
  const at = endOf(text, mark)
  return text.slice(0, at) + lookalike(text.slice(at))
}
