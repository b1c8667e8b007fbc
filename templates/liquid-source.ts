import { piecesOf } from './liquid-pieces.ts'

/** Unicode noncharacters, which no text in use holds, around the number of a piece. */
const OPEN = '\ufdd0'
const TAG = '\ufdd1'
const CLOSE = '\ufdd2'
/** A tag between lines: a dash in it takes no break from them. */
export const LONE_TAG = '\ufdd3'
const MARKS = /[\ufdd0-\ufdd5]/g
const PLACE = /([\ufdd0\ufdd1\ufdd3])(\d+)\ufdd2/g

/** Matches where a piece of Liquid stands in a covered text. */
export const ONE_PLACE = /[\ufdd0\ufdd1]\d+\ufdd2/
/** Matches where a tag stands in a covered text, by its number. */
export const TAGS = /\ufdd1(\d+)\ufdd2/g
/** A line of nothing but tags. */
export const isTagLine = (line: string) => /^\s*(?:\ufdd1\d+\ufdd2\s*)+$/.test(line)

/**
 * A text whose Liquid is covered by marks that a parser of Markdown, HTML or CSS takes for letters: outputs by one kind,
 * tags by another. `uncover` puts it back.
 */
export interface Covered {
  text: string
  uncover: (text: string) => string
  /** The same where the text is to be plain: outputs show text instead of the HTML that filters make for the author. */
  uncoverPlain: (text: string) => string
  /** The source of each piece, in their order: what is uncovered. */
  pieces: string[]
  /** The source of each tag, such as `{% for a in b %}`, by its number; what is none is absent. */
  tags: ReadonlyMap<number, string>
}

/** Puts marks, which Markdown leaves as they are, for everything of Liquid in a source. */
export function cover(source: string): Covered {
  const pieces: string[] = []
  const tags = new Map<number, string>()
  /** The same output has the same number, so that texts are the same where their sources are: a link and its label. */
  const numbers = new Map<string, number>()
  const markOf = (piece: string) => {
    const isTag = piece.startsWith('{%') && !/^\{%-?\s*raw\b/.test(piece)
    const number = (isTag ? undefined : numbers.get(piece)) ?? pieces.push(piece) - 1
    if (isTag) tags.set(number, piece)
    else numbers.set(piece, number)
    return `${isTag ? TAG : OPEN}${number}${CLOSE}`
  }
  const marked = source.replace(MARKS, '\ufffd')
  let at = 0
  let text = ''
  for (const { start, end } of piecesOf(marked)) {
    text += marked.slice(at, start) + markOf(marked.slice(start, end))
    at = end
  }
  text += marked.slice(at)
  const withPieces = (of: (piece: string) => string) => (covered: string) =>
    covered.replace(PLACE, (_mark, kind: string, index: string) => {
      const piece = of(pieces[Number(index)]!)
      return kind === LONE_TAG ? piece.replace(/^\{%-/, '{%').replace(/-%\}$/, '%}') : piece
    })
  const captured = new Set(Array.from(tags.values(), (tag) => CAPTURED.exec(tag)?.[1] ?? ''))
  const plain = (piece: string) => plainOf(piece, captured)
  return { text, pieces, tags, uncover: withPieces((piece) => piece), uncoverPlain: withPieces(plain) }
}

const CAPTURED = /^\{%-?\s*capture\s+["']?([\w-]+)/

/** A text as JSON that may stand between single quotes in a tag: no quote of Liquid's, and neither end nor beginning of its, is in it. */
export const jsonInTag = (text: string): string =>
  JSON.stringify(text).replace(/['%{}]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`)

const FOR_HTML = new Set(['escape', 'escape_once', 'newline_to_br'])
const MAKES_HTML = new Set(['from_markdown', 'phrase_from_markdown', 'raw'])

/** Pieces that show a value, or give it a name. */
const VALUE = /^\{(?:\{|%-?\s*(?:assign|echo)\b)/

/**
 * A value whose last filters make HTML, as text; what `from_markdown` makes are blocks. What was captured is text there, in
 * which a value may look like a tag.
 */
export function plainOf(piece: string, captured: ReadonlySet<string> = new Set()): string {
  if (!VALUE.test(piece)) return piece
  const [end] = /-?[%}]\}$/.exec(piece)!
  const filters = piece.slice(0, -end.length).split('|')
  const last = () => (filters.length > 1 ? filters.at(-1)!.trim() : '')
  while (FOR_HTML.has(last())) filters.pop()
  const name = filters[0]!.replace(/^\{\{-?/, '').trim()
  const others = filters.slice(1).map((filter) => filter.trim())
  if (captured.has(name) && others.every((filter) => filter === 'raw' || filter === 'strip'))
    return [filters[0]!, ...others.filter((filter) => filter !== 'raw')].join('|') + end
  if (!MAKES_HTML.has(last())) return `${filters.join('|')}${end}`
  const text = `${filters.join('|')}| text_of_html ${end}`
  return last() !== 'from_markdown' || !piece.startsWith('{{') ? text : `\n\n${text}\n\n`
}

/** What goes where its Liquid leaves it empty, be it brackets or an element; what holds none stays as it is. */
export const nonempty = (piece: string): string =>
  /[\ufdd0\ufdd1]|\{[{%]/.test(piece) ? `{% nonempty %}${piece}{% endnonempty %}` : piece
