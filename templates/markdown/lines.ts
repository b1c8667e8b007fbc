import blockNames from 'markdown-it/lib/common/html_blocks.mjs'
import { isTagLine, TAGS } from '../liquid-source.ts'
import { isSilent, type Group, type Groups } from './groups.ts'

/** Where a block begins that is no paragraph: a list, a heading, a quote, code, a row of a table. */
const BLOCK = /[-+*]\s|\d{1,9}[.)]\s|#{1,6}\s|>|\||`{3}|~{3}/y
const RULE = /(?:-[\s-]*|\*[\s*]*|_[\s_]*)$/y
const HTML = /<\/?([a-z][a-z0-9]*)\b/iy
const HTML_BLOCKS = new Set(blockNames)
const FENCE = /^[\s>]*(`{3,}|~{3,})/
/** What stands before a line's text: blanks, and marks of quotes. */
const PREFIX = /^[\s>]*/

/** Where a tag stands. */
interface Place {
  number: number
  line: number
  start: number
  end: number
  /** Nothing but tags stand before it in its line. */
  isFirst: boolean
  /** Where its line goes on behind it and the tags that follow at once; its length where it does not. */
  next: number
}

/** Covered Markdown, and the tags that stand within its paragraphs, though they may have a line of their own. */
export interface Lined {
  text: string
  inline: ReadonlySet<number>
}

/**
 * Gives the tags of a group that goes around blocks lines of their own, as deep as what they go around, so that
 * `{% for a in b %}| {{ a }} |` is a tag and a row. A group within one paragraph stays in it. Linear in the text.
 */
export function ownLines(text: string, tags: ReadonlyMap<number, string>, groups: Groups): Lined {
  const lines = text.split('\n')
  const isCode = linesOfCode(lines)
  const places = new Map(lines.flatMap((line, index) => placesOf(line, index)).map((place) => [place.number, place]))
  const contents = contentsOf(lines)
  const within = new Set<number>()
  const depths = new Map<Group, string>()
  for (const group of new Set(groups.values())) {
    const first = places.get(group.tags[0]!)
    const last = places.get(group.tags.at(-1)!)
    if (first === undefined || last === undefined || isCode[first.line] || within.has(first.number)) continue
    if (isAroundBlocks(group, first, last)) depths.set(group, contents.depthAfter(first.line))
    else for (let tag = first.number; tag <= last.number; tag++) within.add(tag)
  }
  const result = lines.flatMap((line, index) =>
    isCode[index] || !line.includes('\ufdd1') ? line : broken(line, index),
  )
  return { text: result.join('\n'), inline: new Set([...within].filter((tag) => groups.has(tag))) }

  function isAroundBlocks({ tags: numbers }: Group, first: Place, last: Place): boolean {
    const all = numbers.flatMap((tag) => places.get(tag) ?? [])
    const begins = all.some((place) => place.isFirst && isBlock(place))
    if (first.line === last.line) {
      if (!first.isFirst || !begins) return false
      // Around cells, if more of the row stands behind it.
      return lines[first.line]![first.next] !== '|' || last.next === lines[last.line]!.length
    }
    return begins || all.every(({ line }) => contents.isTags(line)) || contents.hasBlock(first.line + 1, last.line)
  }

  function isBlock({ line, next }: Place): boolean {
    return beginsBlock(lines[line]!, next)
  }

  function broken(line: string, index: number): string[] {
    const prefix = PREFIX.exec(line)![0]
    const made: string[] = []
    let rest = ''
    let at = prefix.length
    for (const { 0: mark, 1: digits, index: start } of line.matchAll(TAGS)) {
      const place = places.get(Number(digits))!
      rest += line.slice(at, start)
      at = start + mark.length
      if (place.line !== index || !standsAlone(place, line)) {
        rest += mark
        continue
      }
      if (rest.trim() !== '') made.push(prefix + rest.trim())
      rest = ''
      const group = groups.get(place.number)
      const depth = (group && depths.get(group)) ?? ''
      made.push((prefix.trim() === '' && depth.length > prefix.length ? depth : prefix) + mark)
    }
    rest += line.slice(at)
    if (made.length === 0) return [line]
    if (rest.trim() !== '') made.push(prefix + rest.trimStart())
    return made
  }

  function standsAlone(place: Place, line: string): boolean {
    const group = groups.get(place.number)
    if (group !== undefined) return depths.has(group) && (place.isFirst || place.next === line.length || isBlock(place))
    return place.isFirst && isBlock(place) && isSilent(tags.get(place.number) ?? '')
  }
}

function beginsBlock(line: string, at: number): boolean {
  const found = (pattern: RegExp) => {
    pattern.lastIndex = at
    return pattern.exec(line)
  }
  if (found(BLOCK) !== null || (found(RULE)?.[0].replace(/\s/g, '').length ?? 0) > 2) return true
  return HTML_BLOCKS.has(found(HTML)?.[1]?.toLowerCase() ?? '')
}

function placesOf(text: string, line: number): Place[] {
  const places: Place[] = []
  let isFirst = true
  let at = PREFIX.exec(text)![0].length
  for (const { 0: mark, 1: digits, index: start } of text.matchAll(TAGS)) {
    isFirst &&= text.slice(at, start).trim() === ''
    at = start + mark.length
    places.push({ number: Number(digits), line, start, end: at, isFirst, next: text.length })
  }
  let after: Place | undefined
  for (const place of places.toReversed()) {
    const between = text.slice(place.end, after?.start)
    const text_ = between.trimStart()
    place.next = text_ === '' ? (after?.next ?? text.length) : place.end + between.length - text_.length
    after = place
  }
  return places
}

/** What the lines hold, to be asked for many groups. */
function contentsOf(lines: string[]) {
  /** Lines before each that a paragraph does not go on over. */
  const blocks = [0]
  const depths: string[] = []
  const kinds = lines.map((line) => {
    const bare = line.replace(PREFIX, '')
    const content = bare.replace(/^(?:\s*\ufdd1\d+\ufdd2)+\s*/, '')
    const isBlock = bare === '' || beginsBlock(content, 0) || /^[ \t]*>/.test(line)
    blocks.push(blocks.at(-1)! + (isBlock ? 1 : 0))
    return { isTags: isTagLine(bare), isEmpty: bare === '' }
  })
  for (let index = lines.length - 1; index >= 0; index--) {
    const { isTags, isEmpty } = kinds[index]!
    depths[index] = isTags || isEmpty ? (depths[index + 1] ?? '') : /^[ \t]*/.exec(lines[index]!)![0]
  }
  return {
    isTags: (line: number) => kinds[line]!.isTags,
    hasBlock: (from: number, to: number) => blocks[to + 1]! > blocks[from]!,
    /** The blanks before the first line of text after it. */
    depthAfter: (line: number) => depths[line + 1] ?? '',
  }
}

/** Lines of fenced code, with their fences. */
function linesOfCode(lines: string[]): boolean[] {
  let fence: string | null = null
  return lines.map((line) => {
    const mark = FENCE.exec(line)?.[1]
    if (fence === null) {
      fence = mark ?? null
      return fence !== null
    }
    if (mark?.startsWith(fence) && line.replace(FENCE, '').trim() === '') fence = null
    return true
  })
}
