import { piecesOf } from './liquid-pieces.ts'

/** Unicode noncharacters, which no text in use holds, around the number of a piece. */
const OPEN = '\ufdd0'
const TAG = '\ufdd1'
const CLOSE = '\ufdd2'
const MARKS = /[\ufdd0-\ufdd2]/g
const PLACE = /[\ufdd0\ufdd1](\d+)\ufdd2/g

/** Matches where a piece of Liquid stands in a covered text. */
export const ONE_PLACE = /[\ufdd0\ufdd1]\d+\ufdd2/
/** A line of nothing but tags. */
export const isTagLine = (line: string) => /^\s*(?:\ufdd1\d+\ufdd2\s*)+$/.test(line)

/**
 * A text whose Liquid is covered by marks that a parser of Markdown, HTML or CSS takes for letters: outputs by one kind,
 * tags by another. `uncover` puts it back.
 */
export interface Covered {
  text: string
  uncover: (text: string) => string
  /** The source of a tag, such as `{% for a in b %}`, by its mark. */
  sourceOf: (mark: string) => string
}

export function cover(source: string): Covered {
  const pieces: string[] = []
  /** The same piece has the same number, so that texts are the same where their sources are: a link and its label. */
  const numbers = new Map<string, number>()
  const markOf = (piece: string) => {
    const number = numbers.get(piece) ?? pieces.push(piece) - 1
    numbers.set(piece, number)
    const isTag = piece.startsWith('{%') && !/^\{%-?\s*raw\b/.test(piece)
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
  const sourceOf = (mark: string) => pieces[Number(/\d+/.exec(mark)?.[0] ?? -1)] ?? ''
  return {
    text,
    sourceOf,
    uncover: (covered) => covered.replace(PLACE, (_mark, index: string) => pieces[Number(index)]!),
  }
}
