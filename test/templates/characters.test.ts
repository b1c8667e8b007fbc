import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { renderLiquid } from '../../templates/liquid.ts'

const filled = (text: string, x: unknown) => renderLiquid(text, 'text', { data: { x } })
const astral = fc.array(fc.constantFrom('😀', '𐐨', 'ß', 'a', ' ', '\n'), { maxLength: 12 }).map((all) => all.join(''))

test('filters and fields of texts count characters, as Liquid in Ruby does', () => {
  const expected: [template: string, x: unknown, result: string][] = [
    ['{{ x | size }} {{ x.size }} {{ x.length }}', '😀', '1 1 1'],
    ['{{ x | size }} {{ x.size }}', 'ab😀c', '4 4'],
    ['{{ x | size }} {{ x.size }}', { a: 1, b: 2 }, '2 2'],
    ['{{ x | first }}|{{ x | last }}|{{ x.first }}|{{ x.last }}', '😀a👍', '😀|👍|😀|👍'],
    ['{{ x[0] }}|{{ x[-1] }}|{{ x["0"] }}', '😀a👍', '😀|👍|'],
    ['{{ x | slice: 1 }}|{{ x | slice: -2, 2 }}|{{ x | slice: 0, 2 }}', '😀a👍', 'a|a👍|😀a'],
    ['{{ x | truncate: 4 }}|{{ x | truncate: 2, "" }}', '😀😀😀😀😀', '😀...|😀😀'],
    ['{{ x | split: "" | join: "-" }}', 'a😀b', 'a-😀-b'],
    ['{{ x | split: "" | reverse | join }}', 'a😀b', 'b 😀 a'],
    ['{{ x | capitalize }}|{{ x | titlecase }}', '𐐨𐐨 𐐨𐐨', '𐐀𐐨 𐐨𐐨|𐐀𐐨 𐐀𐐨'],
  ]
  for (const [template, x, result] of expected) assert.equal(filled(template, x), result, template)
  const partials = { p: { type: 'text' as const, content: '{{ y.size }}', lists: [], defaults: {} } }
  assert.equal(renderLiquid('{% render "p", y: x %}', 'text', { data: { x: '😀' } }, { partials }), '1')
})

test('words are parted as in Ruby: a text that is no longer than asked has nothing put behind it', () => {
  assert.equal(filled('{{ x | truncatewords: 3 }}', 'one two  three'), 'one two  three')
  assert.equal(filled('{{ x | truncatewords: 2 }}', ' one two  three'), 'one two...')
  assert.equal(filled('{{ x | truncatewords: 0, "–" }}', 'one two'), 'one–')
  assert.equal(filled('{{ x | split: " " | join: "|" }}', '  one  two\nthree '), 'one|two|three')
  assert.equal(filled('{{ x | split: ", " | join: "|" }}', 'a, b,  c, '), 'a|b| c')
})

test('no filter cuts a character in half', () => {
  const filters = ['first', 'last', 'capitalize', 'titlecase', 'split: "" | join: "-"', 'split: "" | first']
  const numbered = ['slice: N', 'slice: N, 2', 'truncate: N', 'truncate: N, "…"', 'truncatewords: N']
  fc.assert(
    fc.property(astral, fc.integer({ min: -13, max: 13 }), (x, n) => {
      for (const filter of [...filters, ...numbered.map((each) => each.replace('N', String(n)))])
        assert.ok(!filled(`{{ x | ${filter} }}`, x).includes('\ufffd'), filter)
      assert.ok(!filled(`{{ x[${n}] }}{{ x.first }}{{ x.last }}`, x).includes('\ufffd'))
    }),
  )
})
