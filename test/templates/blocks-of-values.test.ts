import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileMarkdown } from '../../templates/markdown.ts'
import { parseLiquid, renderLiquid } from '../../templates/liquid.ts'

const LIST = '- b\n- c <i>'
const html = (text: string, md: string) => renderLiquid(text, 'markdown', { data: { md } }).replaceAll('\n', '')
const plain = (text: string, md: string) => renderLiquid(compileMarkdown(text).text, 'text', { data: { md } }).trim()

test('a value whose Markdown counts is blocks where it stands alone, without a paragraph around them', () => {
  const list = '<ul><li>b</li><li>c &lt;i&gt;</li></ul>'
  assert.equal(html('A\n\n{{ md | from_markdown }}\n\nZ', LIST), `<p>A</p>${list}<p>Z</p>`)
  assert.equal(html('{% if md %}{{ md | from_markdown }}{% endif %}', LIST), list)
  assert.equal(html('> {{ md | from_markdown }}', LIST), `<blockquote>${list}</blockquote>`)
  assert.equal(html('{{ md | from_markdown }}', '*x*'), '<p><em>x</em></p>')
})

test('in a sentence, a heading or a cell it is a phrase of it', () => {
  assert.equal(html('Say {{ md | from_markdown }} now', '*x* <b>'), '<p>Say <em>x</em> &lt;b&gt; now</p>')
  assert.equal(html('## {{ md | from_markdown }}', '*x*'), '<h2><em>x</em></h2>')
  assert.match(html('|a|\n|-|\n|{{ md | from_markdown }}|', '*x*'), /<td><em>x<\/em><\/td>/)
  const both = html('{{ md | from_markdown }}\n\nand {{ md | from_markdown }}', '*x*')
  assert.equal(both, '<p><em>x</em></p><p>and <em>x</em></p>')
})

test('its text is in the sentence, too', () => {
  assert.equal(plain('Say {{ md | from_markdown }} now', '*x*'), 'Say x now')
  assert.match(plain('A\n\n{{ md | from_markdown }}', LIST), /^A\n\n\s*[*-] b\n\s*[*-] c <i>$/)
})

test('no link of a value runs code, and the filter of compiled templates is not an author’s', () => {
  assert.doesNotMatch(html('Say {{ md | from_markdown }} now', '[x](javascript:alert(1))'), /<a/)
  assert.throws(() => parseLiquid('{{ md | phrase_from_markdown }}', 'html'), /phrase_from_markdown/)
})
