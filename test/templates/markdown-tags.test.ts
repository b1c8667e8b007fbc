import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseFragment, serialize } from 'parse5'
import { renderLiquid } from '../../templates/liquid.ts'
import { compileMarkdown, oddInMarkdown } from '../../templates/markdown.ts'

const ITEMS = [
  { name: 'Ada', price: 1 },
  { name: 'Bob', price: 2 },
]
const html = (text: string, data: object = { items: ITEMS, yes: true }) =>
  renderLiquid(text, 'markdown', { data }).replace(/\n\s*/g, '')
const plain = (text: string, data: object = { items: ITEMS, yes: true }) =>
  renderLiquid(compileMarkdown(text).text, 'text', { data })
    .replace(/\n{3,}/g, '\n\n')
    .trim()

const HEAD = '| a | b |\n|---|---|\n'
const tableOf = (...rows: string[][]) =>
  `<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>${rows.map(rowOf).join('')}</tbody></table>`
const rowOf = (cells: string[]) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
const LOOP = '{% for i in data.items %}'
const ROW = '| {{ i.name }} | {{ i.price }} |\n'

for (const [what, rows] of [
  ['in the row’s own line', `${LOOP}${ROW}{% endfor %}`],
  ['and its end in the row’s own line', `${LOOP}${ROW.trim()}{% endfor %}`],
  ['in lines of its own', `${LOOP}\n${ROW}{% endfor %}\n`],
  ['with dashes', `{%- for i in data.items -%}\n${ROW}{%- endfor -%}`],
  ['with dashes in the row’s own line', `{%- for i in data.items -%}${ROW}{%- endfor -%}`],
  ['with empty lines around the row', `${LOOP}\n\n${ROW}\n{% endfor %}\n`],
  ['around a row without bars at its ends', `${LOOP}{{ i.name }} | {{ i.price }}\n{% endfor %}`],
  ['around a condition', `${LOOP}{% if i.price > 0 %}${ROW}{% endif %}{% endfor %}`],
  ['around a condition in lines of its own', `${LOOP}\n{% unless i.price == 0 %}\n${ROW}{% endunless %}\n{% endfor %}`],
  ['around cases', `${LOOP}{% case i.price %}{% when 1 %}| Ada | 1 |\n{% else %}${ROW}{% endcase %}{% endfor %}`],
  [
    'around branches in one line',
    `${LOOP}{% if i.price == 1 %}| Ada | 1 |{% else %}${ROW.trim()}{% endif %}\n{% endfor %}`,
  ],
  ['around a loop', `{% for one in (1..1) %}${LOOP}${ROW}{% endfor %}{% endfor %}`],
  ['around an assignment', `${LOOP}{% assign n = i.name %}| {{ n }} | {{ i.price }} |\n{% endfor %}`],
] as const)
  test(`a loop around a table’s row makes a row of each item: ${what}`, () => {
    for (const after of ['', '\nAfter', '\n\nAfter']) {
      const rest = after === '' ? '' : '<p>After</p>'
      // Right behind a row, any text is one more row of it, in Markdown too.
      if (after === '\nAfter' && !rows.endsWith('\n')) continue
      assert.equal(html(HEAD + rows.trimEnd() + after), tableOf(['Ada', '1'], ['Bob', '2']) + rest)
      assert.match(
        html(HEAD + rows.trimEnd() + after, { items: [] }),
        /^<table>(?!.*<td>).*<\/table>(?:<p>After<\/p>)?$/,
      )
    }
    assert.equal(plain(HEAD + rows), 'a | b\nAda | 1\nBob | 2')
  })

test('rows stand before, behind and between loops in one table', () => {
  const rows = `| x | 0 |\n${LOOP}${ROW}{% endfor %}{% if data.no %}| n | 0 |\n{% endif %}| Total | 3 |\n`
  assert.equal(
    html(`${HEAD}${rows}\nAfter`),
    `${tableOf(['x', '0'], ['Ada', '1'], ['Bob', '2'], ['Total', '3'])}<p>After</p>`,
  )
})

test('a loop around cells makes cells, in the head too', () => {
  const text = `| | {% for i in data.items %}{{ i.name }} | {% endfor %}\n|---|{% for i in data.items %}---|{% endfor %}\n| price |{% for i in data.items %} {{ i.price }} |{% endfor %}\n`
  assert.match(html(text), /<th><\/th><th>Ada<\/th><th>Bob<\/th>.*<td>price<\/td><td>1<\/td><td>2<\/td>/)
})

test('a table behind another’s end and a tag is one of its own', () => {
  const text = `${HEAD}| 1 | 2 |\n\n{% if data.yes %}\n${HEAD}| 3 | 4 |\n{% endif %}`
  assert.equal(html(text), tableOf(['1', '2']) + tableOf(['3', '4']))
})

test('a paragraph behind a table and a tag is a paragraph', () => {
  const text = `${HEAD}| 1 | 2 |\n{% if data.yes %}\nText\n{% endif %}`
  assert.equal(html(text), `${tableOf(['1', '2'])}<p>Text</p>`)
})

for (const [name, text, expected, expectedText] of [
  ['numbered items', `${LOOP}1. {{ i.name }}\n{% endfor %}`, '<ol><li>Ada</li><li>Bob</li></ol>', '1. Ada\n2. Bob'],
  [
    'items',
    `${LOOP}- {{ i.name }}\n{% endfor %}After`,
    '<ul><li>Ada</li><li>Bob</li></ul><p>After</p>',
    '- Ada\n- Bob\n\nAfter',
  ],
  [
    'items among others',
    `- x\n${LOOP}- {{ i.name }}\n{% endfor %}- y`,
    '<ul><li>x</li><li>Ada</li><li>Bob</li><li>y</li></ul>',
    '- x\n- Ada\n- Bob\n- y',
  ],
  [
    'items within an item',
    `- x\n${LOOP}\n  - {{ i.name }}\n{% endfor %}`,
    '<ul><li>x<ul><li>Ada</li><li>Bob</li></ul></li></ul>',
    '- x\n  - Ada\n  - Bob',
  ],
  ['headings', `${LOOP}# {{ i.name }}\n{% endfor %}`, '<h1>Ada</h1><h1>Bob</h1>', 'Ada\n\nBob'],
  [
    'quotes',
    `${LOOP}> {{ i.name }}\n{% endfor %}`,
    '<blockquote><p>Ada</p></blockquote><blockquote><p>Bob</p></blockquote>',
    '> Ada\n\n> Bob',
  ],
  ['paragraphs', `${LOOP}{{ i.name }}\n\n{% endfor %}`, '<p>Ada</p><p>Bob</p>', 'Ada\n\nBob'],
  ['lines of a paragraph', `Hi\n${LOOP}{{ i.name }},\n{% endfor %}bye`, '<p>HiAda,Bob,bye</p>', 'Hi\nAda,\nBob,\nbye'],
  ['HTML', `${LOOP}<div>{{ i.name }}</div>\n{% endfor %}`, '<div>Ada</div><div>Bob</div>', 'Ada\n\nBob'],
  ['what follows a heading', `# Hi {% if data.yes %}\n\nAda\n\n{% endif %}`, '<h1>Hi</h1><p>Ada</p>', 'Hi\n\nAda'],
] as const)
  test(`a tag within a line goes around ${name} as one in a line of its own`, () => {
    assert.equal(html(text), expected)
    assert.equal(plain(text), expectedText)
  })

test('a list of which no item came out is none', () => {
  assert.equal(html(`Hi\n\n${LOOP}- {{ i.name }}\n{% endfor %}`, { items: [] }), '<p>Hi</p>')
})

test('an emphasis that a tag cuts in two ends before it and begins again', () => {
  const text = '**a {% if data.yes %}b** c{% else %}d{% endif %} e'
  assert.equal(html(text), '<p><strong>a </strong><strong>b</strong> c e</p>')
  assert.equal(html(text, {}), '<p><strong>a </strong>d e</p>')
})

test('in a code block, a quote and an address, too, elements nest whatever a tag decides', () => {
  assert.equal(html(`\`\`\`\n${LOOP}\nx\n\`\`\`\n{% endfor %}`, { items: [] }), '')
  assert.equal(html('> a\n{% if data.yes %}> b{% endif %}\n\nc', {}), '<blockquote><p>a</p></blockquote><p>c</p>')
  assert.equal(html('[a]({% if data.yes %}https://x.example) b{% endif %}', {}), '<p></p>')
})

const PIECES = [
  ...[
    'text',
    '**',
    '*',
    '`',
    '[a](https://a.example/)',
    '[',
    '](',
    'x',
    '~~',
    '\\',
    '{{ i.name }}',
    '{{ data.yes }}',
    '![i](https://a.example/i.png)',
  ],
  ...['| a | b |', '|', '|---|---|', '\n| a | b |\n|---|---|\n', '\n| {{ i.name }} | 2 |\n', ' | ', 'a | b\n', '---'],
  ...['\n', '\n\n', '\n- ', '\n1. ', '\n> ', '\n# ', '\n    ', '\n```\n', '\n  ', '\n---\n', '\n===\n', '- ', '  '],
]
/** Tags of groups nest; all else stands anywhere. */
const text = fc.letrec<{ part: string; parts: string }>((tie) => ({
  parts: fc.array(tie('part'), { maxLength: 7, depthIdentifier: 'p' }).map((all) => all.join('')),
  part: fc.oneof(
    { depthIdentifier: 'p', maxDepth: 4 },
    fc.constantFrom(...PIECES),
    fc
      .tuple(tie('parts'), tie('parts'), fc.constantFrom('', '-'), fc.constantFrom('', '\n'), fc.nat(5))
      .map(([a, b, dash, line, kind]) => {
        const tag = (inner: string) => `${line}{%${dash} ${inner} ${dash}%}${line}`
        return [
          `${tag('for i in data.items')}${a}${tag('endfor')}`,
          `${tag('if data.yes')}${a}${tag('endif')}`,
          `${tag('if data.yes')}${a}${tag('else')}${b}${tag('endif')}`,
          `${tag('unless i.price == 1')}${a}${tag('endunless')}`,
          `${tag('case i.price')}${tag('when 1')}${a}${tag('else')}${b}${tag('endcase')}`,
          `${tag('assign z = 1')}${a}`,
        ][kind]!
      }),
  ),
}))

const VOID = new Set(['br', 'hr', 'img'])

/** What is no nesting: an end that is not of the last element begun; null where all of it nests. */
function misnested(markup: string): string | null {
  const open: string[] = []
  for (const [, slash, name] of markup.matchAll(/<(\/?)([a-z]\w*)\b[^<>]*>/g)) {
    if (VOID.has(name!)) continue
    if (slash === '') open.push(name!)
    else if (open.pop() !== name) return `</${name}>`
  }
  return open.length > 0 ? `<${open.join('>')}>` : null
}

test('whatever Markdown tags stand in, its elements nest, and a browser moves none, for no, one and many items', () => {
  const asked = process.env['BELAY_MODEL_RUNS']
  fc.assert(
    fc.property(tieTo(text), (source) => {
      for (const items of [[], ITEMS.slice(0, 1), ITEMS])
        for (const yes of [true, false]) {
          const made = renderLiquid(source, 'markdown', { data: { items, yes } })
          assert.equal(misnested(made), null, made)
          const tags = (markup: string) => markup.match(/<\/?[a-z]\w*/g) ?? []
          assert.deepEqual(tags(serialize(parseFragment(made))), tags(made), made)
          renderLiquid(compileMarkdown(source).text, 'text', { data: { items, yes } })
        }
    }),
    // The same texts at every run, so that a change is what makes it fail; more of them are others.
    asked === undefined ? { seed: 20_261_128, numRuns: 1_500 } : { numRuns: Number(asked) },
  )
})

function tieTo({ parts }: { parts: fc.Arbitrary<string> }): fc.Arbitrary<string> {
  return fc.array(parts, { minLength: 1, maxLength: 4 }).map((all) => all.join(''))
}

test('tags behind a fence stand around it where its language, one word, holds a part of them only', () => {
  const made = (text: string) => renderLiquid(text, 'markdown', { data: { yes: true } })
  assert.equal(
    made('~~~{% if data.yes %}a{% else %}- {% endif %}\ncode\n~~~'),
    '\n\n<pre><code class="language-a-">code\n</code></pre>',
  )
  assert.equal(
    made('~~~{% if data.yes %}js{% endif %} x\ncode\n~~~'),
    '<pre><code class="language-js">code\n</code></pre>',
  )
  assert.equal(
    made('~~~js {% if data.yes %}x{% endif %}\ncode\n~~~'),
    '<pre><code class="language-js">code\n</code></pre>',
  )
})

test('what a tag can mean nothing in is told, with its line', () => {
  const text = `Hi\n\n${HEAD}| 1 | ${LOOP}2 |\n\nText\n\n{% endfor %}`
  assert.match(oddInMarkdown(text)[0]!, /^line 5 of the text: \{% for i in data\.items %\} stands in a table/)
  assert.deepEqual(oddInMarkdown(`${HEAD}${LOOP}${ROW}{% endfor %}`), [])
})
