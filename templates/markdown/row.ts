import { TAGS } from '../liquid-source.ts'
import { opens, type Groups } from './groups.ts'

/** A cell's Markdown, or the number of a tag that stands around cells. */
export type Piece = string | number

/** A row of a table, with the tags that stand before and behind it. */
export interface Row {
  before: number[]
  pieces: Piece[]
  after: number[]
}

/** Parses a row. A tag whose group is not within one cell stands around cells, or around rows. */
export function rowOf(line: string, groups: Groups): Row {
  const cells = cellsOf(line.trim())
  const cellOf = new Map<number, number>()
  cells.forEach((cell, index) => {
    for (const number of numbersIn(cell)) cellOf.set(number, index)
  })
  const isWhole = (number: number) => groups.get(number)?.tags.every((tag) => cellOf.has(tag)) ?? true
  const isInCell = (number: number) => {
    const index = cellOf.get(number)
    return groups.get(number)?.tags.every((tag) => cellOf.get(tag) === index) ?? true
  }
  const pieces: Piece[] = []
  cells.forEach((cell, index) => {
    const isEdge = index === 0 || index === cells.length - 1
    const { leading, text, trailing } = outside(cell, isInCell, groups)
    pieces.push(...leading)
    if (text !== '' || (!isEdge && leading.length + trailing.length === 0)) pieces.push(text)
    pieces.push(...trailing)
  })
  const isBare = (cell: string) => cell.replace(TAGS, '').trim() === ''
  return arranged(pieces, isWhole, groups, isBare(cells[0]!) || isBare(cells.at(-1)!))
}

/** Of a row with tags alone around all of its cells, those go around the row; so do those whose group goes on elsewhere. */
function arranged(pieces: Piece[], isWhole: (tag: number) => boolean, groups: Groups, loopsCells: boolean): Row {
  const row: Row = { before: [], pieces: [], after: [] }
  const firstCell = pieces.findIndex((piece) => typeof piece === 'string')
  const lastCell = pieces.findLastIndex((piece) => typeof piece === 'string')
  const leads = new Set(pieces.slice(0, Math.max(0, firstCell)))
  const trails = new Set(pieces.slice(lastCell + 1))
  const isAround = (tag: number) => {
    const { name, tags } = groups.get(tag)!
    if (name === 'for' && loopsCells) return false
    const first = name === 'case' ? 2 : 1
    return tags.every((each, index) => (index < first ? leads : trails).has(each))
  }
  for (const piece of pieces) {
    if (typeof piece === 'string') row.pieces.push(piece)
    else if (!isWhole(piece)) {
      const isBefore = leads.has(piece) || (opens(groups.get(piece), piece) && !trails.has(piece))
      ;(isBefore && row.after.length === 0 ? row.before : row.after).push(piece)
    } else if (groups.has(piece) && isAround(piece)) (leads.has(piece) ? row.before : row.after).push(piece)
    else row.pieces.push(piece)
  }
  return row
}

/** Takes the tags out of a cell that do not belong into it: before its text those that open or stand first. */
function outside(cell: string, isInCell: (tag: number) => boolean, groups: Groups) {
  const leading: number[] = []
  const trailing: number[] = []
  const textEnd = cell.replace(TAGS, ({ length }) => ' '.repeat(length)).trimEnd().length
  let text = ''
  let at = 0
  for (const { 0: mark, 1: digits, index } of cell.matchAll(TAGS)) {
    const number = Number(digits)
    if (isInCell(number)) continue
    text += cell.slice(at, index)
    at = index + mark.length
    const isBefore = text.trim() === '' || (opens(groups.get(number), number) && at < textEnd)
    ;(isBefore && trailing.length === 0 ? leading : trailing).push(number)
  }
  text += cell.slice(at)
  return { leading, text: text.trim(), trailing }
}

function numbersIn(text: string): number[] {
  return Array.from(text.matchAll(TAGS), ([, digits]) => Number(digits))
}

/** What stands between the pipes of a line; a pipe behind a backslash is text. */
function cellsOf(line: string): string[] {
  const cells = ['']
  for (const part of line.split(/(\\\||\|)/)) {
    if (part === '|') cells.push('')
    else cells.push((cells.pop() ?? '') + (part === '\\|' ? '|' : part))
  }
  return cells
}
