import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format } from 'prettier'
import type { Figure } from './figure.ts'
import { readResults, type Results, type ScenarioResult } from './results.ts'
import { cells, columns } from './table.ts'

const page = fileURLToPath(new URL('../docs/performance.md', import.meta.url))
const BEGIN = '<!-- measured: begin, written by npm run bench -->'
const END = '<!-- measured: end -->'

/** docs/performance.md with its measured part made anew from bench/results.json. */
export async function performancePage(): Promise<string> {
  const text = readFileSync(page, 'utf8')
  const results = readResults()
  const [before, rest] = text.split(BEGIN)
  const after = rest?.split(END)[1]
  if (results === undefined || before === undefined || after === undefined) throw new Error(`${page} lacks its markers`)
  const whole = `${before}${BEGIN}\n\n${measured(results)}\n\n${END}${after}`
  return format(whole, { parser: 'markdown', printWidth: 120 })
}

export async function writePage(): Promise<void> {
  writeFileSync(page, await performancePage())
}

function measured({ machine, scenarios }: Results): string {
  const { cpu, cores, memoryGiB, node, kernel } = machine
  const where = `Measured on ${cores} cores (${cpu}), ${memoryGiB} GiB, ${kernel}, Node ${node}.`
  return [where, ...Object.entries(scenarios).map(([name, result]) => section(name, result))].join('\n\n')
}

function section(name: string, { about, measured, seconds, figures }: ScenarioResult): string {
  const row = (texts: readonly string[]) => `| ${texts.join(' | ')} |`
  const lines = [row(columns), row(columns.map(() => '---')), ...figures.map((figure) => row(cells(figure)))]
  const notes = [...new Set(figures.flatMap(({ note }) => (note === undefined ? [] : [note])))]
  const parts = [`### ${name}`, `${capital(about)}. ${measured.slice(0, 10)}, ${seconds} s.`, lines.join('\n')]
  if (notes.length > 0) parts.push(notes.map((note) => `- ${capital(note)}.`).join('\n'))
  return [...parts, ...charts(figures)].join('\n\n')
}

/** Figures named `..., 1,000 asleep` and so on make a curve; the rest of a scenario is its table. */
function charts(figures: readonly Figure[]): string[] {
  const curves = new Map<string, { size: string; value: number; unit: string }[]>()
  for (const { name, value, unit } of figures) {
    const [, metric, size] = /^(.*), ([\d,]+) asleep$/.exec(name) ?? []
    if (metric === undefined || size === undefined) continue
    curves.set(metric, [...(curves.get(metric) ?? []), { size, value, unit }])
  }
  return [...curves]
    .filter(([, points]) => points.length >= 3)
    .map(([metric, points]) => {
      const top = Math.ceil(Math.max(...points.map(({ value }) => value)) * 1.2)
      const lines = [
        'xychart-beta',
        `  title "${metric}"`,
        `  x-axis "asleep" [${points.map(({ size }) => `"${size}"`).join(', ')}]`,
        `  y-axis "${points[0]!.unit}" 0 --> ${top}`,
        `  bar [${points.map(({ value }) => value).join(', ')}]`,
      ]
      return ['```mermaid', ...lines, '```'].join('\n')
    })
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
