import { cover } from './liquid-source.ts'

/** Not the `refs` of something else, as in `data.refs.a`; the end of a range is one of its own. */
const READ = /(?<![\w-]|(?<!\.)\.)refs(?:\.([A-Za-z0-9_-]{1,255})|\[\s{0,9}["']([A-Za-z0-9_-]{1,255})["']\s{0,9}\])/g

/** The steps that the Liquid of a text reads by `refs`, unless it has a variable of its own of that name. */
export function refsInLiquid(text: string): string[] {
  if (!text.includes('refs') || !text.includes('{')) return []
  const pieces = cover(text).pieces.filter((piece) => !/^\{%-?\s*(?:raw|comment)\b/.test(piece))
  if (pieces.some((piece) => /^\{%-?\s*(?:assign|capture|for)\s+refs\b/.test(piece))) return []
  return pieces.flatMap((piece) => [...piece.matchAll(READ)].map(([, dotted, quoted]) => (dotted ?? quoted)!))
}
