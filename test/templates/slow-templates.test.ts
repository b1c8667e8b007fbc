import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inlineCss } from '../../channels/email/html/css.ts'
import { cpuMs } from '../../testing/fixtures/cpu-time.ts'
import { piecesOf } from '../../templates/liquid-pieces.ts'

// An author's files are input as well. Eight times the text takes eight times as long, and 64 times where every place is
// begun at again.
const LENGTHS = [50_000, 400_000] as const
const SURE_MS = 1_000
const MOST_TIMES = 30

function assertLinear(what: string, run: (text: string) => unknown, piece: string): void {
  const [short, long] = LENGTHS.map((length) => () => {
    const text = piece.repeat(Math.ceil(length / piece.length))
    return cpuMs(() => run(text))
  })
  const took = long!()
  if (took < SURE_MS) return
  // Once may be by chance.
  const least = { short: Math.min(short!(), short!(), short!()), long: Math.min(took, long!()) }
  assert.ok(least.long < SURE_MS || least.long < MOST_TIMES * least.short, `${what} ${piece}: ${least.long} ms`)
}

test('Liquid that does not end is found to have no end in a time that grows with its length', () => {
  for (const piece of ['{{', '{%', '{{%', '{% raw %}', '{%- comment', '{% comment %}{%', '{{ a', '{%   ', '{'])
    assertLinear('pieces of', piecesOf, piece)
})

test('a document whose tags do not end gets its styles in a time that grows with its length', () => {
  for (const piece of [
    '<style>',
    '<script ',
    '<title>x',
    '<!--',
    '<!-- -',
    '<textarea>',
    '<a',
    '<table',
    '\ufdd01\ufdd2',
  ])
    assertLinear('styles of', (text) => inlineCss(`<style>a{}</style>${text}`), piece)
})

test('pieces are what Liquid takes them for', () => {
  const whole = (text: string) => piecesOf(text).map(({ start, end }) => text.slice(start, end))
  assert.deepEqual(whole('a {{ b }} {% if c %} {{'), ['{{ b }}', '{% if c %}'])
  assert.deepEqual(whole('{%- raw -%}{{ a }}{% endraw %}{{ b }}'), ['{%- raw -%}{{ a }}{% endraw %}', '{{ b }}'])
  assert.deepEqual(whole('{% comment %}{% raw %}{% endcomment %}'), ['{% comment %}{% raw %}{% endcomment %}'])
  assert.deepEqual(whole('{% raw %}{{ a }}'), ['{% raw %}', '{{ a }}'])
  // Slow, and right by its looks.
  const plain = /\{%-?\s*(raw|comment)\s*-?%\}[\s\S]*?\{%-?\s*end\1\s*-?%\}|\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g
  const parts = fc.constantFrom(
    '{{',
    '}}',
    '{%',
    '%}',
    '{',
    '}',
    '-',
    ' ',
    'a',
    'raw',
    'endraw',
    'comment',
    'endcomment',
    '{% raw %}',
    '{% endraw %}',
  )
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 25 }), (list) => {
      const text = list.join('')
      assert.deepEqual(whole(text), text.match(plain) ?? [])
    }),
    { seed: 1, numRuns: 3_000 },
  )
})
