import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseFragment, serialize } from 'parse5'
import { renderLiquid } from '../../templates/liquid.ts'
import type { PartialSource } from '../../templates/liquid/rendering.ts'
import { compileMarkdown } from '../../templates/markdown.ts'

const partial = (content: string, type: PartialSource['type'] = 'markdown') => ({
  type,
  content,
  lists: [],
  defaults: {},
})
const partials = {
  one: partial('Hi **{{ x }}**\n'),
  two: partial('First\n\nSecond {{ x }}\n'),
  list: partial('- a {{ x }}\n- b\n'),
  table: partial('| a | b |\n|---|---|\n| {{ x }} | 2 |\n'),
  link: partial('see [it](https://a.example/)'),
  code: partial('```\n{{ x }}\n  y\n```'),
  branches: partial('{% if x %}\nyes\n{% else %}\nno\n{% endif %}'),
  loop: partial('{% for i in (1..2) %}\n{{ i }}\n\n{% endfor %}'),
  within: partial("In {% render 'one', x: x %}!"),
  deep: partial("{% render 'within', x: x %}"),
  both: partial("First\n\n{% render 'one', x: x %}"),
  items: partial("- {% render 'one', x: x %}\n- b"),
  html: partial('<b>{{ x }}</b>', 'html'),
  around: partial("<p>A {% render 'one', x: x %}</p><div>{% render 'one', x: x %}</div>", 'html'),
  text: partial('*{{ x }}*', 'text'),
  rows: partial('| {{ x }} | b |\n{% if x %}\n| c | **{{ x }}** |\n{% endif %}\n'),
}
const VALUE = '<i>*v*'
const html = (text: string, data: object = { x: VALUE }) =>
  renderLiquid(text, 'markdown', { data }, { partials }).replace(/\n\s*/g, '')
const plain = (text: string, data: object = { x: VALUE }) =>
  renderLiquid(compileMarkdown(text).text, 'text', { data }, { partials })
    .replace(/\n{3,}/g, '\n\n')
    .trim()
const source = (text: string) => renderLiquid(text, 'markdown_source', { data: { x: 'v' } }, { partials }).trim()
const render = (key: string) => `{% render '${key}', x: data.x %}`

const SHOWN = '&lt;i&gt;*v*'
const ONE = `Hi <strong>${SHOWN}</strong>`
const TWO = `<p>First</p><p>Second ${SHOWN}</p>`
for (const [where, text, expected, expectedText] of [
  ['a sentence', `A ${render('one')} b`, `<p>A ${ONE} b</p>`, `A Hi ${VALUE} b`],
  ['a heading', `# ${render('one')}`, `<h1>${ONE}</h1>`, `Hi ${VALUE}`],
  ['an item', `- ${render('one')}\n- c`, `<ul><li>${ONE}</li><li>c</li></ul>`, `- Hi ${VALUE}\n- c`],
  ['a numbered item', `1. ${render('one')}\n2. c`, `<ol><li>${ONE}</li><li>c</li></ol>`, `1. Hi ${VALUE}\n2. c`],
  [
    'an item with blank lines',
    `- a\n\n- ${render('one')}`,
    `<ul><li><p>a</p></li><li><p>${ONE}</p></li></ul>`,
    `- a\n\n- Hi ${VALUE}`,
  ],
  [
    'a loop’s item',
    `{% for i in (1..2) %}- ${render('one')}\n{% endfor %}`,
    `<ul><li>${ONE}</li><li>${ONE}</li></ul>`,
    `- Hi ${VALUE}\n- Hi ${VALUE}`,
  ],
  [
    'cells',
    `| h | i |\n|---|---|\n| ${render('one')} | a ${render('one')} |`,
    `<table><thead><tr><th>h</th><th>i</th></tr></thead><tbody><tr><td>${ONE}</td><td>a ${ONE}</td></tr></tbody></table>`,
    `h | i\nHi ${VALUE} | a Hi ${VALUE}`,
  ],
  ['a line of its own', `a\n${render('one')}\nb`, `<p>a</p><p>${ONE}</p><p>b</p>`, `a\n\nHi ${VALUE}\n\nb`],
  ['a quote', `> ${render('two')}`, `<blockquote>${TWO}</blockquote>`, `> First\n> \n> Second ${VALUE}`],
  [
    'an item, with two paragraphs',
    `- ${render('two')}\n- c`,
    `<ul><li>${TWO}</li><li>c</li></ul>`,
    `- First\n  \n  Second ${VALUE}\n- c`,
  ],
  [
    'a sentence, with two paragraphs',
    `A ${render('two')} b`,
    `<p>A First<br>Second ${SHOWN} b</p>`,
    `A First Second ${VALUE} b`,
  ],
  [
    'a line of its own, with a list',
    `a\n\n${render('list')}`,
    `<p>a</p><ul><li>a ${SHOWN}</li><li>b</li></ul>`,
    `a\n\n- a ${VALUE}\n- b`,
  ],
  [
    'an item, with a list',
    `- ${render('list')}\n- c`,
    `<ul><li><ul><li>a ${SHOWN}</li><li>b</li></ul></li><li>c</li></ul>`,
    `- - a ${VALUE}\n  - b\n- c`,
  ],
  [
    'a sentence, with a link',
    `A ${render('link')}.`,
    '<p>A see <a href="https://a.example/">it</a>.</p>',
    'A see it (https://a.example/).',
  ],
  ['a sentence, with branches', `A ${render('branches')} b`, '<p>A yes b</p>', 'A yes b'],
  ['a sentence, with code', `A ${render('code')} b`, `<p>A <code>${SHOWN}y</code> b</p>`, `A ${VALUE} y b`],
  ['a sentence, from another', `A ${render('within')} b`, `<p>A In ${ONE}! b</p>`, `A In Hi ${VALUE}! b`],
  ['a sentence, from one that is another', `A ${render('deep')} b`, `<p>A In ${ONE}! b</p>`, `A In Hi ${VALUE}! b`],
  ['an item, from one that is another', `- ${render('deep')}`, `<ul><li>In ${ONE}!</li></ul>`, `- In Hi ${VALUE}!`],
  [
    'an item, behind a paragraph',
    `- ${render('both')}`,
    `<ul><li><p>First</p><p>${ONE}</p></li></ul>`,
    `- First\n  \n  Hi ${VALUE}`,
  ],
  ['a line of its own, in an item', render('items'), `<ul><li>${ONE}</li><li>b</li></ul>`, `- Hi ${VALUE}\n- b`],
  ['an element of the author’s', `<p>A ${render('one')}</p>`, `<p>A ${ONE}</p>`, `A Hi ${VALUE}`],
  ['HTML of another', render('around'), `<p>A ${ONE}</p><div><p>${ONE}</p></div>`, `A Hi ${VALUE}\n\nHi ${VALUE}`],
] as const)
  test(`a partial of Markdown stands well in ${where}`, () => {
    assert.equal(html(text), expected)
    assert.equal(plain(text), expectedText)
  })

test('partials that a loop renders right behind a table’s head or row are its rows', () => {
  const HEAD = '| a | b |\n|---|---|\n'
  const LOOP = "{% for l in data.list %}\n{% render 'row', l: l %}\n{% endfor %}"
  const data = { list: ['<1>', '|2', '\n===\n'] }
  const of = (type: 'markdown' | 'html' | 'text', content: string, text: string, kind: 'html' | 'text' = 'html') => {
    const partials = { row: { type, content, lists: [], defaults: {} } }
    const source = kind === 'html' ? text : compileMarkdown(text).text
    return renderLiquid(source, kind === 'html' ? 'markdown' : 'text', { data }, { partials })
      .replace(/>\s+</g, '><')
      .trim()
  }
  const head = '<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>'
  const cells = ['&lt;1&gt;', '|2', '\n===\n']
  const rows = cells.map((cell) => `<tr><td>${cell}</td><td>x</td></tr>`).join('')
  const wide = cells.map((cell) => `<tr><td colspan="2">${cell}</td></tr>`).join('')
  for (const text of [HEAD + LOOP, `${HEAD}${LOOP}\n\nend`, HEAD + LOOP.replace('\n', '')]) {
    const end = text.endsWith('end') ? '<p>end</p>' : ''
    assert.equal(of('markdown', '| {{ l }} | x |', text), `${head}${rows}</tbody></table>${end}`)
    assert.equal(of('html', '<tr><td>{{ l }}</td><td>x</td></tr>', text), `${head}${rows}</tbody></table>${end}`)
    assert.equal(of('text', '{{ l }}', text), `${head}${wide}</tbody></table>${end}`)
  }
  assert.match(
    of('markdown', '| {{ l }} | x |', `${HEAD}| c | d |\n${LOOP}\n| e | f |`),
    /<td>d<\/td>.*<td>x<\/td>.*<td>f<\/td>/s,
  )
  assert.doesNotMatch(of('markdown', '| {{ l }} | x |', `${HEAD}\n${LOOP}`), /<td>/)
  assert.equal(
    of('markdown', '| {{ l }} | x |', HEAD + LOOP.replace('list', 'list limit: 2'), 'text'),
    'a | b\n<1> | x\n|2 | x',
  )
  assert.equal(
    of('html', '<tr><td>{{ l }}</td><td>x</td></tr>', HEAD + LOOP.replace('list', 'list limit: 2'), 'text'),
    'a | b\n<1> | x\n|2 | x',
  )
})

test('a partial between rows of a table is a row', () => {
  const text = `| h | i |\n|---|---|\n| 1 | 2 |\n${render('one')}\n| 3 | 4 |\n`
  assert.match(html(text), new RegExp(`<tr><td colspan="2">${ONE}</td></tr><tr><td>3</td>`.replaceAll('*', '\\*')))
  assert.equal(plain(text), `h | i\n1 | 2\nHi ${VALUE}\n3 | 4`)
})

test('partials of HTML and of text stand where they always did', () => {
  assert.equal(
    html(`A ${render('html')} b\n\n- ${render('text')}`),
    `<p>A <b>${SHOWN}</b> b</p><ul><li>*${SHOWN}*</li></ul>`,
  )
})

test('in a chat message a partial is its Markdown, within the item, quote or row that it stands in', () => {
  assert.equal(source(`A ${render('one')} b`), 'A Hi **v** b')
  assert.equal(source(`- ${render('list')}\n- c`), '- - a v\n  - b\n- c')
  assert.equal(source(`> ${render('two')}`), '> First\n> \n> Second v')
  assert.equal(source(`| a |\n|---|\n| ${render('two')} |`), '| a |\n|---|\n| First Second v |')
  assert.equal(source(`{% for i in (1..2) %}- ${render('one')}\n{% endfor %}`), '- Hi **v**\n- Hi **v**')
})

test('in an SMS or a push a partial is its plain text', () => {
  const text = (of: string) => renderLiquid(of, 'text', { data: { x: VALUE } }, { partials })
  assert.equal(text(`A ${render('one')} b`), `A Hi ${VALUE} b`)
  assert.equal(text(`A: ${render('branches')}!`), 'A: yes!')
  assert.equal(text(`A:\n${render('list')}\nB`), `A:\n- a ${VALUE}\n- b\nB`)
})

const places = [
  'A R b',
  'R',
  'a\n\nR\n\nb',
  '- R\n- c',
  '- a R',
  '- a\n\n- R',
  '| h | i |\n|---|---|\n| R | a R |',
  '| h | i |\n|---|---|\n{% for i in (1..2) %}\nR\n{% endfor %}\n\nb',
  '| h | i |\n|---|---|\n| 1 | 2 |\n{% for i in (1..2) %}R{% endfor %}',
  '| h | i |\n|---|---|\n| 1 | 2 |\nR\n| 3 | 4 |',
  '> R',
  '# R',
  '**R**',
  '[R](https://a.example)',
  '1. R\n   R',
  '{% if data.x %}R{% endif %}',
  '{% for i in (1..2) %}\n- R\n{% endfor %}',
  '{% for i in (1..2) %}| R |\n{% endfor %}',
  '<div>R</div>',
  'a `R`',
  '~~~\nR\n~~~',
  'a  \nR R',
  '- {% if data.x %}R{% else %}b{% endif %}\n- c',
]
test('whatever partial stands wherever, elements nest, a browser moves none, and no value is markup', () => {
  const of = Object.keys(partials).filter((key) => key !== 'around')
  const tags = (markup: string) => markup.match(/<\/?[a-z]\w*/g) ?? []
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.constantFrom(...of), fc.string({ maxLength: 8 }), (place, key, x) => {
      // A link within a link is the author's.
      fc.pre(!(place.startsWith('[') && key === 'link'))
      const text = place.replaceAll('R', render(key))
      const made = html(text, { x: `${x}<b>*` })
      assert.deepEqual(tags(serialize(parseFragment(made))), tags(made), made)
      assert.deepEqual(tags(made), tags(html(text, { x: 'x' })))
      assert.doesNotMatch(plain(text, { x: 'x' }), /<\/?(?:p|li|strong)\b/)
    }),
    { seed: 20_261_128, numRuns: 1_000 },
  )
})
