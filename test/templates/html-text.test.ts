import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textOfHtml } from '../../templates/html-text.ts'
import { cover } from '../../templates/liquid-source.ts'
import { renderLiquid } from '../../templates/liquid.ts'
import { compileMarkdown } from '../../templates/markdown.ts'

function textOf(html: string, data: object = {}): string {
  const { text, uncover } = cover(html)
  return renderLiquid(uncover(textOfHtml(text)), 'text', { data })
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

const items = [
  { name: 'Ada', price: 1 },
  { name: 'Bob', price: 2 },
]

test('cells of a table are parted, and its rows are lines', () => {
  const html =
    '<p>Hi</p><table><thead><tr><th>Item</th><th>Price</th></tr></thead><tbody><tr><td>A</td><td>1</td></tr></tbody></table><p>bye</p>'
  assert.equal(textOf(html), 'Hi\n\nItem | Price\nA | 1\n\nbye')
})

for (const dash of ['', '-'])
  test(`rows that a loop with ${dash === '' ? 'no' : 'a'} dash makes are lines without empty ones between them`, () => {
    const loop = `{%${dash} for i in items ${dash}%}\n<tr><td>{{ i.name }}</td><td>{{ i.price }}</td></tr>\n{%${dash} endfor ${dash}%}`
    assert.equal(
      textOf(`<table><tr><th>a</th><th>b</th></tr>${loop}</table><p>bye</p>`, { items }),
      'a | b\nAda | 1\nBob | 2\n\nbye',
    )
  })

test('cells that a loop makes are parted', () => {
  const html = '<table><tr>{% for i in items %}<td>{{ i.name }}</td>{% endfor %}</tr></table>'
  assert.equal(textOf(html, { items }), 'Ada | Bob |')
})

test('cells of a layout are not parted by bars', () => {
  assert.equal(textOf('<table><tr><td><h1>A</h1></td><td><p>B</p></td></tr></table>'), 'A\n\nB')
})

test('a link whose address comes out empty has no brackets', () => {
  const html = '<p><a href="{{ url }}">go</a>, <a href="">there</a></p>'
  assert.equal(textOf(html), 'go, there')
  assert.equal(textOf(html, { url: 'https://a.example/' }), 'go (https://a.example/), there')
  const { text } = compileMarkdown('[go]({{ url }}), [there]()')
  assert.equal(renderLiquid(text, 'text', { data: {} }), 'go, there')
  assert.equal(renderLiquid(text, 'text', { data: { url: 'https://a.example/' } }), 'go (https://a.example/), there')
})

test('a link that an author wrote as HTML in Markdown keeps its address in plain text', () => {
  const shown = (source: string) =>
    renderLiquid(compileMarkdown(source).text, 'text', { data: { id: 7, url: 'https://u.example', none: '' } })
  const link = '<a class="b" href="https://a.example/?a=1&amp;b={{ id }}">**here**</a>'
  assert.equal(shown(`Click ${link} now`), 'Click here (https://a.example/?a=1&b=7) now')
  assert.equal(shown(`<div>\nSee <a href='{{ url }}'><b>it</b></a>.\n</div>`), 'See it (https://u.example).')
  for (const same of ['<a href="https://b.example">https://b.example</a>', '<a href="{{ url }}">{{ url }}</a>'])
    for (const around of [same, `<div>${same}</div>`])
      assert.equal(shown(around), same.includes('{') ? 'https://u.example' : 'https://b.example', around)
  assert.equal(shown('A <a href="{{ none }}">x</a> <a href="javascript:x()">y</a> <a name="n">z</a>'), 'A x y z')
})

test('an address that would run code is left out of plain text, and one with blanks can be followed', () => {
  const at = (address: string) => ({ at: address })
  const markdown = compileMarkdown('Hi [go]({{ at }}), bye').text
  for (const address of ['javascript:alert(1)', ' java\nscript:alert(1)', 'vbscript:x', 'data:text/html,x']) {
    assert.equal(textOf('<p>Hi <a href="{{ at }}">go</a>, bye</p>', at(address)), 'Hi go, bye')
    assert.equal(renderLiquid(markdown, 'text', { data: at(address) }), 'Hi go, bye')
    const inHtml = `<p>Hi <a href="${address.replace('\n', '')}">go</a>, bye</p>`
    assert.equal(textOf(inHtml), 'Hi go, bye')
    assert.equal(renderLiquid('{{ x | text_of_html }}', 'text', { data: { x: inHtml } }), 'Hi go, bye')
  }
  assert.equal(textOf('<a href="{{ at }}">go</a>', at('https://a.example/a b')), 'go (https://a.example/a%20b)')
  assert.equal(textOf('<a href="mailto:{{ at }}">go</a>', at('a@a.example')), 'go (a@a.example)')
})
