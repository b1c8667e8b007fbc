import { isMet, type Figure } from './figure.ts'

export const columns = ['figure', 'value', 'baseline', 'ratio', 'goal', 'met'] as const

/** One line of the table: texts in the order of `columns`. */
export function cells(figure: Figure): string[] {
  const { name, value, unit, range, baseline, ratio, goal } = figure
  const spread = range === undefined || range[0] === range[1] ? '' : ` (${number(range[0])} to ${number(range[1])})`
  const met = isMet(figure)
  return [
    name,
    `${number(value)} ${unit}${spread}`,
    baseline === undefined ? '' : `${baseline.name}: ${number(baseline.value)} ${unit}`,
    ratio === undefined ? '' : `${number(ratio)}x`,
    goal === undefined ? '' : 'atLeast' in goal ? `at least ${number(goal.atLeast)}` : `at most ${number(goal.atMost)}`,
    met === undefined ? '' : met ? 'yes' : 'NO',
  ]
}

/** Lines of equal columns, for a terminal. */
export function textTable(figures: readonly Figure[]): string {
  const lines = [[...columns], ...figures.map(cells)]
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)))
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function number(value: number): string {
  const text = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
  return text.toLocaleString('en-US')
}
