import type Token from 'markdown-it/lib/token.mjs'
import { TAGS } from '../liquid-source.ts'
import { ends, opens, type Groups } from './groups.ts'
import { tagOf } from './renders.ts'

const NAME = /^\{%-?\s*capture\s+["']?([\w-]+)/
const OUTPUT = /^\{\{-?\s*([\w-]+)\s*(?:\|\s*(?:raw|strip)\s*)*-?\}\}$/
const ASSIGNED_BLOCKS = /^\{%-?\s*assign\s+([\w-]+)\s*=[^]*\|\s*from_markdown\s*-?%\}$/
const PLACES = /[\ufdd0\ufdd1](\d+)\ufdd2/g

/**
 * Tokens of paragraphs that have no element in HTML: one that is all of what is captured, so that it may stand in a sentence;
 * one of captures alone, which show nothing; one that shows nothing but blocks that were captured, or
 * that `from_markdown` made.
 */
export function placeCaptures(
  tokens: readonly Token[],
  groups: Groups,
  { pieces, tags }: { pieces: readonly string[]; tags: ReadonlyMap<number, string> },
): Token[] {
  const bare: Token[] = []
  const blocks = new Set(Array.from(tags.values()).flatMap((tag) => ASSIGNED_BLOCKS.exec(tag)?.[1] ?? []))
  const open: { name: string; start: number }[] = []
  for (const [index, token] of tokens.entries()) {
    const number = token.type === 'liquid' ? tagOf(token) : -1
    const group = groups.get(number)
    if (group?.name !== 'capture') continue
    if (opens(group, number)) open.push({ name: NAME.exec(tags.get(number) ?? '')?.[1] ?? '', start: index + 1 })
    else if (ends(group, number)) {
      const { name, start } = open.pop()!
      const inner = tokens.slice(start, index)
      const [first, , last] = inner
      if (inner.length === 3 && first!.type === 'paragraph_open') bare.push(first!, last!)
      else if (inner.some(({ block, type }) => block && type !== 'liquid')) blocks.add(name)
    }
  }
  for (const [index, { type, content }] of tokens.entries()) {
    const around = [tokens[index - 1], tokens[index + 1]]
    if (type !== 'inline' || around[0]?.type !== 'paragraph_open') continue
    if (showsNothing(content, groups) || showsOnly(content, blocks, pieces)) bare.push(...(around as Token[]))
  }
  return bare
}

/** Whether all of a text is captured. */
function showsNothing(text: string, groups: Groups): boolean {
  let depth = 0
  let at = 0
  for (const { 0: mark, 1: digits, index } of text.matchAll(TAGS)) {
    const number = Number(digits)
    const group = groups.get(number)
    if (depth === 0 && text.slice(at, index).trim() !== '') return false
    at = index + mark.length
    if (group?.name === 'capture') depth += opens(group, number) ? 1 : -1
    else if (depth === 0) return false
  }
  return at > 0 && text.slice(at).trim() === ''
}

/** Whether a text shows names of these and nothing else. */
function showsOnly(text: string, names: ReadonlySet<string>, pieces: readonly string[]): boolean {
  if (names.size === 0 || text.replace(PLACES, '').trim() !== '') return false
  return Array.from(text.matchAll(PLACES)).every(([, digits]) =>
    names.has(OUTPUT.exec(pieces[Number(digits)] ?? '')?.[1] ?? ''),
  )
}
