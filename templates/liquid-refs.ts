import { cover } from './liquid-source.ts'

/** A quote, or a read of `refs`: not that of something else, as in `data.refs.a`; the end of a range is one of its own. */
const QUOTE_OR_READ =
  /["']|(?<![\w-]|(?<!\.)\.)refs(?:\.([A-Za-z0-9_-]{1,255})|\[\s{0,9}["']([A-Za-z0-9_-]{1,255})["']\s{0,9}\])/g
const QUOTED = /"[^"\\]*(?:\\[^][^"\\]*)*"|'[^'\\]*(?:\\[^][^'\\]*)*'/y

const OWN = /^\{%-?\s*(?:assign|capture|for|tablerow)\s+["']?refs(?![\w-])/
/** Before the tags of a tag `liquid`, each on a line of its own. */
const LIQUID = /^\{%-?\s*liquid\b/
const OWN_LINE = /^(?:assign|capture|for|tablerow)\s+["']?refs(?![\w-])/

/** The steps that the Liquid of a text reads by `refs`, unless it has a variable of its own of that name. */
export function refsInLiquid(text: string): string[] {
  if (!text.includes('refs') || !text.includes('{')) return []
  const pieces = cover(text).pieces.filter((piece) => !/^\{%-?\s*(?:raw|comment)\b/.test(piece))
  const read: string[] = []
  for (const piece of pieces) {
    if (!LIQUID.test(piece)) {
      if (OWN.test(piece)) return []
      read.push(piece)
      continue
    }
    const lines = piece.replace(LIQUID, '').split('\n')
    const tags = lines.map((line) => line.trimStart()).filter((line) => !line.startsWith('#'))
    if (tags.some((tag) => OWN_LINE.test(tag))) return []
    read.push(tags.join('\n'))
  }
  return read.flatMap(refsIn)
}

/** Those outside of texts in quotes. Behind a quote without an end nothing is such a text. */
function refsIn(piece: string): string[] {
  const found: string[] = []
  let isWhole = true
  QUOTE_OR_READ.lastIndex = 0
  for (let match = QUOTE_OR_READ.exec(piece); match !== null; match = QUOTE_OR_READ.exec(piece)) {
    const ref = match[1] ?? match[2]
    if (ref !== undefined) found.push(ref)
    else if (isWhole) {
      QUOTED.lastIndex = match.index
      isWhole = QUOTED.test(piece)
      if (isWhole) QUOTE_OR_READ.lastIndex = QUOTED.lastIndex
    }
  }
  return found
}
