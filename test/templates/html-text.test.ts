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
