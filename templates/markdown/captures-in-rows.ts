import { isTagLine, TAGS } from '../liquid-source.ts'
import { ends, opens, type Groups } from './groups.ts'

const DASHES = /^(?:[|:][-:|\s]|-[-:|])[-:|\s]*$/
const LEADING_TAGS = /^\s*(?:\ufdd1\d+\ufdd2\s*)*/

/**
 * Covered Markdown in which what is captured within a line, before a row of a table, stands in the row's first cell: it shows
 * nothing, and its text would end the table.
 */
export function withCapturesInRows(text: string, groups: Groups): string {
  if (!Array.from(groups.values()).some(({ name }) => name === 'capture')) return text
  const lines: string[] = []
  let isTable = false
  let waiting: string[] = []
  const all = text.split('\n').map((line) => ({ line, ...takenFrom(line, groups) }))
  const before = beforeRows(all)
  for (const [index, { line, ...taken }] of all.entries()) {
    const { captured, rest } = isTable ? taken : { captured: '', rest: line }
    const [tags] = LEADING_TAGS.exec(rest)!
    if (rest.startsWith('|', tags.length)) {
      const cell = (waiting.join('') + captured).replace(/(?<!\\)\|/g, '\\|')
      lines.push(cell === '' ? line : `${tags}| ${cell}${rest.slice(tags.length + 1).trimStart()}`)
      waiting = []
    } else if (captured !== '' && rest.trim() === '' && before[index] === true) waiting.push(captured)
    else lines.push(line)
    if (line.includes('|') && DASHES.test(line.replace(TAGS, '').trim())) isTable = true
    else if (!/\||^\s*$/.test(line) && !isTagLine(line) && waiting.length === 0) isTable = false
  }
  return lines.join('\n')
}

/** For each line, whether a row follows it, lines that capture alone left out. */
function beforeRows(lines: readonly { captured: string; rest: string }[]): boolean[] {
  const before: boolean[] = []
  let isRow = false
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    before[index] = isRow
    const { captured, rest } = lines[index]!
    if (captured === '' || rest.trim() !== '') isRow = rest.startsWith('|', LEADING_TAGS.exec(rest)![0].length)
  }
  return before
}

/** What a line captures from its beginning on, behind tags, and the line without. */
function takenFrom(line: string, groups: Groups): { captured: string; rest: string } {
  let captured = ''
  let rest = ''
  let at = 0
  let start: number | null = null
  let depth = 0
  for (const { 0: mark, 1: digits, index } of line.matchAll(TAGS)) {
    const number = Number(digits)
    const group = groups.get(number)
    if (start === null && line.slice(at, index).trim() !== '') break
    if (group?.name === 'capture') depth += opens(group, number) ? 1 : -1
    if (depth < 0) break
    if (depth === 1 && opens(group, number) && start === null) start = index
    else if (depth === 0 && start !== null && ends(group, number)) {
      captured += line.slice(start, index + mark.length)
      start = null
      at = index + mark.length
    } else if (start === null) {
      rest += line.slice(at, index + mark.length)
      at = index + mark.length
    }
  }
  return { captured, rest: rest + line.slice(at) }
}
