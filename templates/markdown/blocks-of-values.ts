import type Token from 'markdown-it/lib/token.mjs'
import { TAGS } from '../liquid-source.ts'

const MAKES_BLOCKS = /\|\s*from_markdown\s*(?=-?\}\}$)/
const OUTPUTS = /\ufdd0(\d+)\ufdd2/g

/**
 * Values whose own Markdown counts are blocks, and within a sentence a phrase of it. Answers the tokens of paragraphs of nothing
 * else: in HTML they have no element.
 */
export function placeBlocks(tokens: readonly Token[], pieces: string[]): Token[] {
  const empty: Token[] = []
  const makesBlocks = (number: string) => MAKES_BLOCKS.test(pieces[Number(number)]!)
  for (const [index, { type, content, children }] of tokens.entries()) {
    if (type !== 'inline') continue
    const numbers = Array.from(content.matchAll(OUTPUTS), ([, number]) => number!)
    if (!numbers.some(makesBlocks)) continue
    const around = [tokens[index - 1]!, tokens[index + 1]!]
    const isAlone = numbers.every(makesBlocks) && content.replace(TAGS, '').replace(OUTPUTS, '').trim() === ''
    if (isAlone && around.every((token) => token.type.startsWith('paragraph_'))) {
      empty.push(...around)
      continue
    }
    for (const child of children ?? [])
      child.content = child.content.replace(OUTPUTS, (mark, number: string) => {
        if (!makesBlocks(number)) return mark
        // The same output elsewhere stays as it is.
        return `\ufdd0${pieces.push(pieces[Number(number)]!.replace(MAKES_BLOCKS, '| phrase_from_markdown ')) - 1}\ufdd2`
      })
  }
  return empty
}
