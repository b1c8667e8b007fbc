import type { Entry } from './entry.ts'
import { offsetText } from './offset.ts'

/** One line of a timeline as a table has it: offset, step, what happened. Whose it is comes first where there are several. */
function columnsOf(entries: readonly Entry[], start: number): string[][] {
  const workflows = new Set(entries.map(({ workflow }) => workflow)).size > 1
  const people = new Set(entries.flatMap(({ recipient }) => recipient ?? [])).size > 1
  return entries.map(({ at, workflow, recipient, label, text }) => [
    offsetText(at - start),
    ...(workflows ? [workflow] : []),
    ...(people ? [recipient ?? ''] : []),
    label,
    text,
  ])
}

/** The timeline as text, each line with why below it. */
export function linesOf(entries: readonly Entry[], start: number): string[] {
  const rows = columnsOf(entries, start)
  const widths = (rows[0] ?? []).slice(0, -1).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const indent = ' '.repeat(widths.reduce((sum, width) => sum + width + 2, 2))
  return rows.flatMap((row, index) => {
    const cells = row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!)))
    return [cells.join('  '), ...entries[index]!.why.map((line) => indent + line)]
  })
}
