import type StateBlock from 'markdown-it/lib/rules_block/state_block.mjs'
import { isTagLine, TAGS } from '../liquid-source.ts'
import { ends, opens, type Groups } from './groups.ts'
import { isRender } from './renders.ts'
import { rowOf, type Row } from './row.ts'

/** Cells that rows get in all because they have fewer than the head. */
const MOST_FILLED_CELLS = 65_536

/** markdown-it's table, with tags around rows and cells: a tag does not end it while rows go on or its group is open. */
export function table(state: StateBlock, start: number, end: number, silent: boolean): boolean {
  if (start + 2 > end) return false
  const { groups, tags } = state.env as { groups: Groups; tags: ReadonlyMap<number, string> }
  const aligns = alignsAt(state, start + 1)
  if (aligns === null || !isWithin(state, start) || !lineOf(state, start).includes('|')) return false
  const head = rowOf(lineOf(state, start), groups)
  const columns = head.pieces.filter((piece) => typeof piece === 'string').length
  if (columns === 0 || columns !== aligns.length || head.before.length + head.after.length > 0) return false
  if (silent) return true

  const { parentType } = state
  // As markdown-it's own.
  Object.assign(state, { parentType: 'table' })
  const opened = state.push('table_open', 'table', 1)
  state.push('thead_open', 'thead', 1)
  pushRow(state, head, 'th', start, aligns)
  state.push('thead_close', 'thead', -1)
  const last = body(state, start + 2, end, { groups, tags, aligns, columns })
  state.push('table_close', 'table', -1)
  // A tag that is left in the line of dashes has its other half elsewhere.
  for (const [, digits] of lineOf(state, start + 1).matchAll(TAGS)) pushTag(state, Number(digits), start + 1)
  opened.map = [start, last]
  state.parentType = parentType
  state.line = last
  return true
}

interface Table {
  groups: Groups
  tags: ReadonlyMap<number, string>
  aligns: string[]
  columns: number
}

/** Rows and tags from a line on; the line where the table is over. */
function body(state: StateBlock, start: number, end: number, table: Table): number {
  const { groups, aligns, columns } = table
  /** Tags that open a group in this table. */
  const opened = new Set<number>()
  let isOpen = false as boolean
  let filled = 0
  let line = start
  const tag = (number: number, at: number) => {
    if (opens(groups.get(number), number)) opened.add(number)
    pushTag(state, number, at)
  }
  const begin = () => {
    if (!isOpen) state.push('tbody_open', 'tbody', 1)
    isOpen = true
  }
  for (;;) {
    const { tags, next, isLoose } = tagsFrom(state, line, end)
    const here = new Set<number>()
    const foreign = tags.findIndex(({ number }) => {
      const group = groups.get(number)
      if (opens(group, number)) here.add(number)
      return group !== undefined && !opened.has(group.tags[0]!) && !here.has(group.tags[0]!)
    })
    const rendered = tags[0]?.line === line ? renderedLoops(tags, table) : 0
    const isRow = next < end && foreign < 0 && isRowAt(state, next, end, tags.length > 0, isLoose, groups)
    // Behind the last row belongs what ends a group that began in the table.
    const mine = foreign < 0 ? tags : tags.slice(0, foreign)
    const ended = mine.findLastIndex(({ number }) => endsOneOf(groups, number, opened)) + 1
    const last = isRow ? mine.length : Math.max(ended, Math.min(rendered, mine.length))
    if (last > 0) begin()
    for (const { number, line: at } of mine.slice(0, last)) {
      tag(number, at)
      line = at + 1
    }
    if (!isRow) break
    const row = rowOf(lineOf(state, next), groups)
    const cells = row.pieces.filter((piece) => typeof piece === 'string').length
    filled += Math.max(0, columns - cells)
    if (filled > MOST_FILLED_CELLS) break
    begin()
    row.before.forEach((number) => tag(number, next))
    if (row.pieces.length > 0) pushRow(state, row, 'td', next, aligns)
    row.after.forEach((number) => tag(number, next))
    line = next + 1
  }
  if (isOpen) state.push('tbody_close', 'tbody', -1)
  return line
}

/** How many of the tags are loops that render partials, right behind a row: those are rows, whatever follows. */
function renderedLoops(all: readonly { number: number }[], { groups, tags }: Table): number {
  let count = 0
  for (let at = 0; at < all.length;) {
    const group = groups.get(all[at]!.number)
    const end = all.findIndex(({ number }) => number === group?.tags.at(-1))
    if (group?.name !== 'for' || end < at) return count
    if (!all.slice(at, end).some(({ number }) => isRender(tags.get(number)))) return count
    at = end + 1
    count = at
  }
  return count
}

const endsOneOf = (groups: Groups, number: number, opened: ReadonlySet<number>) => {
  const group = groups.get(number)
  return group !== undefined && ends(group, number) && opened.has(group.tags[0]!)
}

/** Lines of tags alone, and empty ones among them; then comes the next line of text. */
function tagsFrom(state: StateBlock, start: number, end: number) {
  const tags: { number: number; line: number }[] = []
  let isLoose = false
  let next = start
  for (; next < end; next++) {
    if (state.isEmpty(next)) isLoose = true
    else if (isWithin(state, next) && isTagLine(lineOf(state, next)))
      for (const [, digits] of lineOf(state, next).matchAll(TAGS)) tags.push({ number: Number(digits), line: next })
    else break
  }
  return { tags, next, isLoose }
}

/** Right behind a row, any text is one that begins no other block; behind tags, what looks like one and heads no table. */
function isRowAt(state: StateBlock, at: number, end: number, isBehindTags: boolean, isLoose: boolean, groups: Groups) {
  if (!isWithin(state, at)) return false
  const rules = state.md.block.ruler.getRules('blockquote')
  if (rules.some((rule) => rule(state, at, end, true))) return false
  if (!isBehindTags) return !isLoose
  const cells = rowOf(lineOf(state, at), groups).pieces.filter((piece) => typeof piece === 'string')
  const hasPipe = lineOf(state, at).startsWith('|') || cells.length > 1
  return hasPipe && (at + 1 >= end || alignsAt(state, at + 1) === null)
}

function pushRow(state: StateBlock, { pieces }: Row, cell: 'th' | 'td', line: number, aligns: string[]): void {
  state.push('tr_open', 'tr', 1)
  const isLooped = pieces.some((piece) => typeof piece === 'number')
  const texts = pieces.filter((piece) => typeof piece === 'string').length
  const missing = isLooped ? 0 : Math.max(0, aligns.length - texts)
  const all = isLooped ? pieces : [...pieces.slice(0, aligns.length), ...Array<string>(missing).fill('')]
  let column = 0
  for (const piece of all) {
    if (typeof piece === 'number') {
      pushTag(state, piece, line)
      continue
    }
    const open = state.push(`${cell}_open`, cell, 1)
    const align = aligns[column++]
    if (align) open.attrs = [['style', `text-align:${align}`]]
    const inline = state.push('inline', '', 0)
    inline.content = piece
    inline.children = []
    inline.map = [line, line + 1]
    state.push(`${cell}_close`, cell, -1)
  }
  state.push('tr_close', 'tr', -1)
}

/** Adds the mark of a tag that stands between blocks, on its line of the source: it is shown as it stands. */
export function pushTag(state: StateBlock, number: number, line: number): void {
  const token = state.push('liquid', '', 0)
  token.content = `\ufdd1${number}\ufdd2`
  token.map = [line, line + 1]
}

/** How the columns are aligned, if this is the line that says so; tags in it do not count. */
function alignsAt(state: StateBlock, line: number): string[] | null {
  if (!isWithin(state, line)) return null
  const text = lineOf(state, line).replace(TAGS, '').trim()
  if (!/^(?:[|:][-:|\s]|-[-:|])[-:|\s]*$/.test(text)) return null
  const columns = text.split('|').map((column) => column.trim())
  if (columns[0] === '') columns.shift()
  if (columns.at(-1) === '') columns.pop()
  if (!columns.every((column) => /^:?-+:?$/.test(column))) return null
  return columns.map((column) => {
    if (column.endsWith(':')) return column.startsWith(':') ? 'center' : 'right'
    return column.startsWith(':') ? 'left' : ''
  })
}

const isWithin = ({ sCount, blkIndent }: StateBlock, line: number) =>
  sCount[line]! >= blkIndent && sCount[line]! - blkIndent < 4

const lineOf = ({ src, bMarks, tShift, eMarks }: StateBlock, line: number) =>
  src.slice(bMarks[line]! + tShift[line]!, eMarks[line]).trim()
