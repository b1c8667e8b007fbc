import { Ends } from './ends.ts'

const START = /\{[{%]/g
const BLOCK = /\{%-?\s*(raw|comment)\s*-?%\}/y
const ENDS = {
  output: /\}\}/g,
  tag: /%\}/g,
  raw: /\{%-?\s*endraw\s*-?%\}/g,
  comment: /\{%-?\s*endcomment\s*-?%\}/g,
}

/**
 * Where the whole pieces of Liquid stand in a text: outputs, tags, and raw or comment blocks with what they hold. What has
 * no end is none. Linear in the text.
 */
export function piecesOf(text: string): { start: number; end: number }[] {
  const pieces: { start: number; end: number }[] = []
  const ends = new Ends(text, ENDS)
  const endOf = (start: number): number | undefined => {
    BLOCK.lastIndex = start
    const [tag = '', name] = BLOCK.exec(text) ?? []
    const end = name === undefined ? undefined : ends.after(name as 'raw' | 'comment', start + tag.length)
    return end ?? ends.after(text[start + 1] === '{' ? 'output' : 'tag', start + 2)
  }
  let at = 0
  for (;;) {
    START.lastIndex = at
    const start = START.exec(text)?.index
    if (start === undefined) return pieces
    const end = endOf(start)
    if (end !== undefined) pieces.push({ start, end })
    at = end ?? start + 1
  }
}
