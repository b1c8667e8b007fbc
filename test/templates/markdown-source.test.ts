import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import MarkdownIt from 'markdown-it'
import type { Token } from 'markdown-it'
import { renderLiquid, type RenderingOptions } from '../../templates/liquid.ts'

/** The same values at every run, so that a change is what makes it fail; more of them are others. */
const ASKED = process.env['BELAY_MODEL_RUNS']
const RUNS = ASKED === undefined ? { seed: 20_261_128, numRuns: 3_000 } : { numRuns: Number(ASKED) }

const markdown = new MarkdownIt({ html: false })
const filled = (text: string, data: object, options: RenderingOptions = {}) =>
  renderLiquid(text, 'markdown_source', { data }, options)
const CODE = new Set(['fence', 'code_block', 'code_inline'])
const flat = (source: string): Token[] =>
  markdown
    .parse(source, {})
    .flatMap((token) => [token, ...(token.children ?? []).flatMap((child) => [child, ...(child.children ?? [])])])
/** What Markdown is made of; texts that follow each other, with breaks and escapes between them, are one. */
const structureOf = (source: string) =>
  flat(source)
    .map(({ type, tag }) => (/^(?:text|text_special|softbreak|hardbreak)$/.test(type) ? 'text' : `${type} ${tag}`))
    .filter((type, index, all) => type !== 'text' || all[index - 1] !== 'text')
const codeOf = (source: string) =>
  flat(source)
    .filter(({ type }) => CODE.has(type))
    .map(({ content }) => content)
const alike = (text: string) =>
  text
    .replaceAll('ˋ', '`')
    .replaceAll('˜', '~')
    .replaceAll('\u200b', '')
    .replace(/[\s\u00a0]+/g, ' ')
    .trim()

const VALUE = 'a_b *c* \\d `e` [f](https://f.example)'
for (const [what, text, code] of [
  ['code', 'Run `{{ data.x }}` **now**', VALUE.replaceAll('`', 'ˋ')],
  ['code between two backticks', 'Run `` {{ data.x }} ``', VALUE.replaceAll('`', 'ˋ')],
  ['a fence', '```\n{{ data.x }}\n```\n\nend', `${VALUE}\n`],
  ['a fence of tildes', '~~~sh\nrun {{ data.x }}\n~~~', `run ${VALUE}\n`],
  ['a fence in a quote', '> ```\n> {{ data.x }}\n> ```', `${VALUE}\n`],
  ['a fence in an item', '- a\n  ```\n  {{ data.x }}\n  ```\n- b', `${VALUE}\n`],
  ['an indented block', 'a\n\n    {{ data.x }}\n\nb', VALUE],
  ['a fence within a condition', '{% if data.x %}```\n{{ data.x }}\n```{% endif %}', `${VALUE}\n`],
  ['a condition within a fence', '```\n{% if data.x %}{{ data.x }}{% endif %}\n```', `${VALUE}\n`],
  ['an assigned name', '{% assign y = data.x %}`{{ y }}`', VALUE.replaceAll('`', 'ˋ')],
  ['a captured name', '{% capture y %}{{ data.x }}{% endcapture %}`{{ y }}`', VALUE.replaceAll('`', 'ˋ')],
  ['code that is captured', '{% capture y %}`{{ data.x }}`{% endcapture %}{{ y | raw }}', VALUE.replaceAll('`', 'ˋ')],
  ['a heading’s code', '# Run `{{ data.x }}`', VALUE.replaceAll('`', 'ˋ')],
  ['a cell’s code', '| a |\n|---|\n| `{{ data.x }}` |', VALUE.replaceAll('`', 'ˋ')],
] as const)
  test(`a value is shown as it is within ${what}`, () => {
    assert.deepEqual(
      codeOf(filled(text, { x: VALUE })).map((each) => each.replace(/\n$/, '')),
      [code.replace(/\n$/, '')],
    )
    assert.deepEqual(structureOf(filled(text, { x: VALUE })), structureOf(filled(text, { x: 'x' })))
  })

test('values of a loop within a fence are lines of it', () => {
  const text = '```\n{% for a in data.list %}{{ a }}\n{% endfor %}```'
  assert.deepEqual(codeOf(filled(text, { list: ['*a*', '```', 'b\n~~~'] })), ['*a*\nˋˋˋ\nb\n~~~\n'])
})

test('lines of a value in code stay as deep as its first', () => {
  assert.deepEqual(codeOf(filled('- a\n\n  ```\n  {{ data.x }}\n  ```\n', { x: 'b\nc' })), ['b\nc\n'])
  assert.deepEqual(codeOf(filled('> ~~~\n> {{ data.x }}\n> ~~~\n', { x: 'b\n~~~\nc' })), ['b\n˜˜˜\nc\n'])
})

test('the language of a fence has only what a name can have', () => {
  assert.equal(filled('```{{ data.x }}\na\n```', { x: 'c++\n```\n**b**' }), '```c++b\na\n```')
})

test('a value in an address neither ends it nor brings a backslash into it', () => {
  const hrefOf = (text: string, x: string) =>
    flat(filled(text, { x }))
      .find(({ type }) => type === 'link_open')
      ?.attrGet('href')
  assert.equal(hrefOf('[a](https://a.example/{{ data.x }})', 'b c_(d)'), 'https://a.example/b%20c_%28d%29')
  assert.equal(hrefOf('<https://a.example/{{ data.x }}>', 'b_c d'), 'https://a.example/b_c%20d')
  assert.equal(hrefOf('<{{ data.x }}>', 'https://a.example/b_c'), 'https://a.example/b_c')
  assert.equal(hrefOf('<{{ data.x }}>', 'javascript:alert(1)'), undefined)
})

test('what is captured is the author’s Markdown with values in it, and its text to conditions and filters', () => {
  const captured = '{% capture y %}*{{ data.x }}*{% endcapture %}'
  assert.equal(filled(`${captured}{% if y == "*a_b*" %}yes{% endif %}`, { x: 'a_b' }), 'yes')
  for (const shows of [
    'y',
    'y | raw',
    'y | strip',
    'y | strip | raw',
    'y | append: "" | raw',
    'y | replace: "c", "d" | raw',
  ])
    assert.equal(filled(`${captured}{{ ${shows} }}`, { x: 'a*b' }), '*a\\*b*')
  assert.equal(filled(`${captured}{{ y | append: data.x }}`, { x: 'a*b' }), '*a\\*b*a\\*b')
  assert.equal(filled(`${captured}{{ y | upcase }}`, { x: 'a_b' }), '\\*A\\_B\\*')
  assert.equal(filled(`${captured}{{ y | upcase | raw }}`, { x: 'a*b' }), '*A\\*B*')
  // What cuts through a value is a value.
  assert.equal(filled(`${captured}{{ y | slice: 0, 3 | raw }}`, { x: 'a*b' }), '\\*a\\*')
})

test('what from_markdown makes in a chat message is the value’s own Markdown, which ends with it', () => {
  const x = '**a** <b> [c](https://c.example)'
  for (const shows of ['data.x | from_markdown', 'data.x | from_markdown | strip', 'data.x | from_markdown | raw'])
    assert.equal(
      filled(`Say {{ ${shows} }} now *{{ data.x }}*`, { x }),
      `Say ${x} now *${filled('x{{ data.x }}', { x }).slice(1)}*`,
    )
  assert.deepEqual(
    structureOf(filled('{{ data.x | from_markdown }}\n\n**b**', { x: '```sh\na' })),
    structureOf('```sh\na\n```\n\n**b**'),
  )
  const html = { type: 'html' as const, content: '<p>{{ x | from_markdown }}</p>', lists: [], defaults: {} }
  assert.equal(filled("{% render 'p', x: data.x %}", { x: '**a**' }, { partials: { p: html } }).trim(), 'a')
})

test('two captures of one text are each its own', () => {
  const captured = '{% capture a %}*{{ data.x }}*{% endcapture %}{% capture b %}{{ data.y }}{% endcapture %}'
  assert.equal(
    filled(`${captured}{{ a | raw }} {{ b | raw }} {{ data.y }}`, { x: 'v', y: '*v*' }),
    '*v* \\*v\\* \\*v\\*',
  )
})

test('a value of several lines stays in its heading and its cell', () => {
  assert.deepEqual(structureOf(filled('# {{ data.x }}', { x: 'a\nb' })), structureOf('# a'))
  const table = (x: string) => `| a | b |\n|---|---|\n| ${x} | c |\n`
  assert.deepEqual(structureOf(filled(table('{{ data.x }}'), { x: 'a\n\nb | c\\' })), structureOf(table('a')))
})

const partial = (type: 'markdown' | 'text' | 'html', content: string) => ({
  partials: { p: { type, content, lists: [], defaults: {} } },
})
test('a value within a partial or a translation is no Markdown either', () => {
  const text = "{% render 'p', x: data.x %}"
  const x = '**a** [b](https://b.example)'
  for (const type of ['markdown', 'text', 'html'] as const)
    assert.deepEqual(structureOf(filled(text, { x }, partial(type, 'Hi {{ x }}'))), structureOf('Hi a'))
  assert.deepEqual(codeOf(filled(text, { x }, partial('markdown', '`{{ x }}`'))), [x])
  const translations = { en: { '': { Hi: 'Hello {{ data.x }}' } } }
  assert.deepEqual(structureOf(filled('{% t %}Hi{% endt %}', { x }, { translations })), structureOf('Hello a'))
})

const markup = fc.constantFrom(
  ...[
    '`',
    '``',
    '```',
    '~~~',
    '~~~~',
    '\n',
    '\r\n',
    '\n\n',
    '    ',
    '\t',
    ' ',
    '\\',
    '|',
    '*',
    '**',
    '_',
    '~~',
    '[',
    '](',
    ')',
    '<',
    '>',
  ],
  ...[
    '# ',
    '- ',
    '+ ',
    '1. ',
    '1)',
    '===',
    '---',
    ':-:',
    '|-|',
    '&amp;',
    '&#10;',
    '![',
    'https://a.example',
    '{{ x }}',
    '\ufdd0' + '0\ufdd2',
    '\ufdd6',
    '\ufdd7',
  ],
)
const value = fc
  .array(fc.oneof(markup, fc.string({ unit: 'grapheme', maxLength: 4 })), { maxLength: 10 })
  .map((parts) => parts.join(''))
const anyValue = fc.oneof(
  value,
  value.map((x) => `x${x}x`),
)
const templates = [
  '`{{ x }}`',
  'a `{{ x }} b {{ y }}` c `{{ x }}`',
  '``{{ x }}`{{ y }}``',
  'a `b\n{{ x }} c` d',
  '```\n{{ x }}\n```\n\nend',
  '```\n``{{ x }}{{ y }}`\n``{{ x }}\n```\nend',
  '~~~\n{{ x }}{{ y }}~\n  {{ x }}\n~~~\nend',
  '```{{ x }}\na\n```\nend',
  '> ```\n> a {{ x }}\n> {{ y }}\n> ```\n>\n> b',
  '- a\n  ~~~\n  {{ x }}\n  ~~~\n- b',
  '1. a\n\n   ````\n   {{ x }}\n   ````\n2. b',
  'a\n\n    {{ x }}\n    b {{ y }}\n\nc',
  '- a\n\n      {{ x }}\n\n- b',
  '| a | b |\n|---|---|\n| `{{ x }}` | {{ y }}x |\n| x{{ y }} | `{{ x }}`|\n',
  '# a `{{ x }}`',
  '[`{{ x }}`](https://a.example/{{ y }}) b',
  '**`{{ x }}`**',
  '{% for a in list %}`{{ a }}`{% endfor %}',
  '```\n{% for a in list %}\n{{ a }}\n{% endfor %}\n```\nend',
  '![x{{ x }}](https://a.example/{{ y }} "{{ x }}") b',
  '<https://a.example/{{ x }}> b',
  '{% capture z %}`{{ x }}` **x{{ y }}x**{% endcapture %}`{{ z }}` {{ z | raw }}',
  '{% capture z %}- a{{ x }}\n{% endcapture %}{{ z }}{{ z | strip }}',
  '{% capture z %}*{{ x }}*{% endcapture %}> {{ z | append: "x" | append: y }}\n\nx{{ z | prepend: y }}',
  '{% capture z %}`{{ x }}` x{{ y }}{% endcapture %}| a |\n|---|\n| {{ z }} | x',
  '{% capture z %}[x{{ x }}](https://a.example/{{ y }}){% endcapture %}# {{ z | default: x }}',
].map((text) => text.replace(/\b(x|y|list)(?= (?:\}\}|%\}))/g, 'data.$1'))

/** The last line breaks of a value go. */
const withoutEnd = (text: string) => text.replace(/[\r\n]+$/, '')

test('no value leaves code, or changes what Markdown is made of, and within code it is shown as it is', () => {
  fc.assert(
    fc.property(fc.constantFrom(...templates), anyValue, anyValue, (text, x, y) => {
      const made = filled(text, { x, y, list: [x, y, x] })
      const plain = filled(text, { x: 'xx', y: 'yy', list: ['xx', 'yy', 'xx'] })
      assert.deepEqual(structureOf(made), structureOf(plain), made)
      if (/\{%|```\{\{/.test(text)) return
      const shown = codeOf(plain).map((code) =>
        code.replaceAll('xx', () => withoutEnd(x)).replaceAll('yy', () => withoutEnd(y)),
      )
      assert.deepEqual(
        codeOf(made).map(alike),
        shown.map((each) => alike(each.replace(/[\0\ufdd0-\ufdd7\p{Surrogate}]/gu, '\ufffd'))),
      )
    }),
    RUNS,
  )
})

test('what a filter makes of a capture shows with raw what the author wrote in it, and no markup of a value', () => {
  const captured = '{% capture z %}a *x{{ data.x }}x* b {{ data.y }} c{% endcapture %}'
  const filters = [
    'truncate: 9',
    'truncatewords: 3',
    'slice: 2, 7',
    'split: " " | join: " "',
    'replace: "x", "y"',
    'remove: data.x',
    'downcase',
    'strip_html',
    'json',
    'md5',
  ]
  fc.assert(
    fc.property(fc.constantFrom(...filters), anyValue, anyValue, (filter, x, y) => {
      const made = filled(`${captured}{{ z | ${filter} | raw }}`, { x, y })
      const types = new Set(
        structureOf(made).filter((type) => !/^(?:text|paragraph_(?:open|close) p|inline )$/.test(type)),
      )
      assert.ok(
        [...types].every((type) => /^em_(?:open|close) em$/.test(type)),
        made,
      )
    }),
    RUNS,
  )
})

const around = [
  '**{{ x }}**',
  '*{{ x }}*{{ y }}',
  'a**{{ x }}**b',
  '_{{ x }}_ {{ y }}',
  '~~{{ x }}~~',
  'a {{ x }} b {{ y }}',
  '{{ x }}{{ y }}',
  '> {{ x }}',
  '- {{ x }}\n- {{ y }}',
  '# {{ x }}',
  '{{ x }}\n===\n',
  'a\n{{ x }}\nb',
  '| a |\n{{ x }}',
  'a\\{{ x }}',
  '[{{ x }}](https://a.example)',
  'a_{{ x }}_b',
  '({{ x }})*b*',
  '-{{ x }}',
  '#{{ x }}',
  'a{{ x }}_b c_',
  '5` {{ x }}',
  '`{{ x }}\n\n{{ y }} b`',
]
test('no value outside of code makes markup, nor of what stands beside it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...around), anyValue, anyValue, (text, x, y) => {
      fc.pre(x.trim() !== '' && y.trim() !== '')
      const of = text.replace(/\{\{ /g, '{{ data.')
      assert.deepEqual(structureOf(filled(of, { x, y })), structureOf(filled(of, { x: 'x', y: 'y' })))
    }),
    RUNS,
  )
})
