import { Liquid } from 'liquidjs'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderLiquid, type LiquidContext } from '../../../templates/liquid.ts'
import { registerFilters } from '../../../templates/liquid/filters.ts'
import { cpuMs } from '../../../testing/fixtures/cpu-time.ts'

const LENGTHS = [7_500, 60_000] as const
/** Below it the clock says little. */
const SURE_MS = 250
/** Eight times the text takes eight times as long, and 64 times where every place is begun at again. */
const MOST_TIMES = 30

const pieces = [
  ' ',
  '\n',
  ' \n',
  '<',
  '<a',
  '</',
  '<!--',
  '<script',
  '<style',
  '&',
  '&amp;',
  '[',
  '![',
  '](',
  '*',
  '_',
  '`',
  '~',
]
const more = [
  '\\',
  '"',
  '#',
  '-',
  '|',
  ':',
  '1',
  '1.',
  'a',
  'a ',
  'A1',
  '.',
  '@',
  '%',
  '{{',
  '{%',
  "'",
  '(',
  '2026-',
  '\u00e9',
  '\ud83d\ude00',
]
const ends = ['', 'x', '\n', '>']

const texts = [...pieces, ...more].flatMap((piece) => ends.map((end) => ({ piece, end })))
const textOf = ({ piece, end }: { piece: string; end: string }, length: number) =>
  `x${piece.repeat(Math.ceil(length / piece.length))}${end}`

const liquid = new Liquid()
registerFilters(liquid)
const contexts: LiquidContext[] = ['text', 'html', 'markdown', 'markdown_source']

function msOf(template: string, context: LiquidContext, value: string): number {
  return cpuMs(() => {
    try {
      renderLiquid(template, context, { data: { value } })
    } catch {
      // Refused in time is as good.
    }
  })
}

function assertLinear(template: string, context: LiquidContext): void {
  for (const text of texts) {
    const [short, long] = LENGTHS.map((length) => () => msOf(template, context, textOf(text, length)))
    const took = long!()
    if (took < SURE_MS) continue
    // Once may be by chance.
    const least = { short: Math.min(short!(), short!(), short!()), long: Math.min(took, long!()) }
    assert.ok(
      least.long < SURE_MS || least.long < MOST_TIMES * least.short,
      `${context} ${template} of ${JSON.stringify(text)}: ${least.long} ms, and ${least.short} for an eighth of it`,
    )
  }
}

for (const context of contexts) {
  test(`a long value takes a time that grows with its length: ${context}`, () => assertLinear('{{ value }}', context))
}

for (const name of Object.keys(liquid.filters)) {
  test(`a long value takes a time that grows with its length: | ${name}`, () => {
    assertLinear(`{{ value | ${name} }}`, 'html')
    assertLinear(`{{ value | ${name}: 'a', 'b' }}`, 'text')
    assertLinear(`{{ 'a' | ${name}: value, value }}`, 'text')
  })
}
