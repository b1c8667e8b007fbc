import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refsInLiquid } from '../../templates/liquid-refs.ts'

const read: [text: string, refs: string[]][] = [
  ['{{ refs.fetch_1.plan }}', ['fetch_1']],
  [`{{ refs["a"].plan }}{{ refs[ 'b' ].plan }}`, ['a', 'b']],
  [`{{ "a 'b" | append: refs.c.plan | append: "refs.d" }}`, ['c']],
  [`{{ 'it\\'s' | append: refs.a.plan | append: 'it\\'s refs.b' }}`, ['a']],
  ["{% if data.branch contains 'refs.heads' or refs.a.seen_at %}x{% endif %}", ['a']],
  ['{% for i in (1..refs.a.count) %}{% endfor %}', ['a']],
  ['{% liquid\n  # don\'t\n  assign plan = refs.a.plan\n  echo "it\'s"\n%}', ['a']],
  // A quote that has no end hides nothing.
  [`{{ data.a' | append: refs.a.plan }}`, ['a']],
  ['{%- liquid assign reference = refs.a.plan -%}', ['a']],
]
for (const [text, refs] of read)
  test(`${JSON.stringify(text)} reads the steps ${refs.join(' and ')}`, () => {
    assert.deepEqual(refsInLiquid(text), refs)
  })

const none = [
  "{{ data.base | append: '/refs.html' }}",
  '{{ data.base | append: "refs.html" }}',
  "{% if data.branch contains 'refs.heads' %}x{% endif %}",
  '{{ data["refs.a"] }}',
  `{{ data.a | append: "refs['a']" }}`,
  '{{ data.refs.a }}{{ data["x"].refs.a }}',
  '{% assign refs = data.refs %}{{ refs.a }}',
  '{%- liquid assign refs = data.refs -%}{{ refs.a }}',
  '{% liquid\n  assign a = 1\n  assign refs = data.refs\n%}{{ refs.a }}',
  '{% liquid\n  for refs in data.all\n    echo refs.a\n  endfor\n%}',
  '{% tablerow refs in data.all %}{{ refs.a }}{% endtablerow %}',
]
for (const text of none)
  test(`${JSON.stringify(text)} reads no step`, () => {
    assert.deepEqual(refsInLiquid(text), [])
  })

test('a text of a mebibyte is looked through at once, be its quotes open or escaped', () => {
  const long = 1_000_000
  for (const part of ['\\"', '"', `'"`, '\n', '\n ', 'refs[', '\n#'])
    for (const head of ['{{ "', '{% liquid '])
      refsInLiquid(`${head}${part.repeat(long / part.length)} refs.a }}{{ refs.a }}{% endif %}`)
})
