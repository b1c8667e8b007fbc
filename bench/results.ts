import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Figure } from './figure.ts'

export interface ScenarioResult {
  about: string
  /** ISO date. */
  measured: string
  seconds: number
  figures: Figure[]
}

export interface Results {
  machine: { cpu: string; cores: number; memoryGiB: number; node: string; kernel: string }
  scenarios: Record<string, ScenarioResult>
}

export const resultsFile = fileURLToPath(new URL('./results.json', import.meta.url))

export function readResults(): Results | undefined {
  return existsSync(resultsFile) ? (JSON.parse(readFileSync(resultsFile, 'utf8')) as Results) : undefined
}

/** A scenario measured alone takes the place of its last figures; the others stay. */
export function writeResult(name: string, result: ScenarioResult): void {
  const results: Results = { machine: machine(), scenarios: readResults()?.scenarios ?? {} }
  results.scenarios[name] = { ...result, figures: result.figures.map(rounded) }
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`)
}

function machine(): Results['machine'] {
  const kernel = execFileSync('uname', ['-sr'], { encoding: 'utf8' }).trim()
  const [first] = cpus()
  const memoryGiB = Math.round(totalmem() / 2 ** 30)
  return { cpu: first?.model ?? 'unknown', cores: cpus().length, memoryGiB, node: process.version, kernel }
}

function rounded(figure: Figure): Figure {
  const { value, range, baseline, ratio } = figure
  return {
    ...figure,
    value: round(value),
    ...(range !== undefined && { range: [round(range[0]), round(range[1])] }),
    ...(baseline !== undefined && { baseline: { ...baseline, value: round(baseline.value) } }),
    ...(ratio !== undefined && { ratio: round(ratio) }),
  }
}

/** Three digits that mean something. */
function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
}
