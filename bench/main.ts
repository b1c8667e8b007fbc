import { Bench } from './bench.ts'
import { writePage } from './report.ts'
import { writeResult } from './results.ts'
import { scenarios } from './scenarios/index.ts'
import { textTable } from './table.ts'

/** npm run bench [-- names]: measures, prints a table a scenario, and writes bench/results.json. */
async function main(names: string[]): Promise<void> {
  const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name))
  if (unknown.length > 0) {
    const known = scenarios.map(
      ({ name, about, onRequest }) => `  ${name}${onRequest ? ' (on request)' : ''}: ${about}`,
    )
    throw new Error(`no such bench: ${unknown.join(', ')}\n${known.join('\n')}`)
  }
  const chosen = scenarios.filter(({ name, onRequest }) => (names.length === 0 ? !onRequest : names.includes(name)))
  for (const scenario of chosen) {
    console.log(`\n${scenario.name}: ${scenario.about}`)
    const started = Date.now()
    const bench = new Bench()
    try {
      await scenario.run(bench)
    } finally {
      await bench.close()
    }
    const seconds = Math.round((Date.now() - started) / 1_000)
    const { name, about } = scenario
    writeResult(name, { about, measured: new Date(started).toISOString(), seconds, figures: bench.figures })
    await writePage()
    console.log(`${textTable(bench.figures)}\n  (${seconds} s)`)
  }
}

// What was started is endedWithParent to this process and ends with it; an interrupt need not wait for an orderly end.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
await main(process.argv.slice(2))
process.exit()
