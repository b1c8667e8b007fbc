import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'parse5'
import { renderStep } from '../../channels/render-step.ts'
import type { EmailContent } from '../../channels/email/content.ts'
import type { VisualBlock } from '../../channels/email/visual-block.ts'
import { testScope } from '../../testing/fixtures/scope.ts'
import { renderLiquid } from '../../templates/liquid.ts'

const data = { items: ['a', '<b>', 'c'] }
const LOOP = '{% tablerow i in items cols:2 %}<b>{{ i }}</b>{% endtablerow %}'
const CELL = (column: number, text: string, style = '') => `<td class="col${column}"${style}><b>${text}</b></td>`
const ROWS = `<tr class="row1">${CELL(1, 'a')}${CELL(2, '&lt;b&gt;')}</tr><tr class="row2">${CELL(1, 'c')}</tr>`

function emailOf(body: { html: string; layoutKey?: string } | { visualBlocks: VisualBlock[] }): EmailContent {
  const step = {
    ...{ type: 'channel' as const, ref: 'step_1', name: 'Step', next: null, channel: { key: 'c', id: 'c' } },
    channelType: 'email' as const,
    template: { subject: 'Hi', body, textBody: null, attachmentKey: null },
  }
  return renderStep(step, testScope({ data })) as EmailContent
}

test('tablerow makes rows of the table around it, with what its cells hold and their styles', () => {
  const style = '<style>td{color:red}</style>'
  const { html_body: html, text_body: text } = emailOf({
    html: `<html><head>${style}</head><body><table>${LOOP}</table><p>bye</p></body></html>`,
  })
  const red = ' style="color: red;"'
  assert.ok(html.includes(`<tr class="row1">${CELL(1, 'a', red)}${CELL(2, '&lt;b&gt;', red)}</tr>`), html)
  assert.equal(text?.trim(), 'a | <b>\nc\n\nbye')
  const { html_body: plain } = emailOf({ html: `<p>x</p><table><tr><td>y</td></tr>${LOOP}</table>` })
  assert.equal(plain, `<p>x</p><table><tr><td>y</td></tr>${ROWS}</table>`)
})

test('tablerow without a table around it gets one, outside of a paragraph', () => {
  const html = (source: string) => renderLiquid(source, 'markdown', { data })
  assert.equal(html(LOOP), `<table>${ROWS}</table>`)
  assert.equal(html(`Before ${LOOP} after`), `<p>Before </p><table>${ROWS}</table><p> after</p>`)
  assert.equal(
    html(`> {{ x }}\n\n${LOOP}\n\nbye`).replace(/\n/g, ''),
    `<blockquote><p></p></blockquote><table>${ROWS}</table><p>bye</p>`,
  )
  const inCell = emailOf({ html: `<table><tr><td>${LOOP}</td></tr></table>` }).html_body
  assert.equal(inCell, `<table><tr><td><table>${ROWS}</table></td></tr></table>`)
  const { html_body: whole, text_body: text } = emailOf({
    visualBlocks: [
      { type: 'markdown', content: `Hi\n\n${LOOP}` },
      { type: 'html', content: LOOP },
    ],
  })
  const bare = whole.replace(/<\/?tbody>/g, '')
  assert.equal(bare.split(`<table>${ROWS}</table>`).length, 3, 'none is put into a second one')
  assert.equal(text?.trim(), 'Hi\n\na | <b>\nc\n\na | <b>\nc')
  const errors: string[] = []
  parse(whole, { onParseError: ({ code }) => void errors.push(code) })
  assert.deepEqual(errors, [])
})

test('break and continue in a tablerow are its own, and what follows it is shown', () => {
  const loop = (tag: string) =>
    `{% tablerow i in items cols:1 %}{{ i }}{% if i == "a" %}{% ${tag} %}{% endif %}!{% endtablerow %}end`
  assert.equal(renderLiquid(loop('break'), 'html', { data }), '<tr class="row1"><td class="col1">a</td></tr>end')
  assert.equal(renderLiquid(loop('continue'), 'text', { data }), 'a\n<b>!\nc!end')
  const within = `{% for x in (1..2) %}${loop('break')}{% endfor %}`
  assert.equal(renderLiquid(within, 'text', { data }), 'aendaend')
})

test('in a plain text tablerow is lines, and its tag has its own names', () => {
  const text = '{% tablerow i in items cols:2 %} {{ i }}{{ tablerowloop.row }} {% endtablerow %}'
  assert.equal(renderLiquid(text, 'text', { data }), 'a1 | <b>1\nc2')
  assert.equal(renderLiquid(text, 'text', { data: { items: [] } }), '')
  assert.equal(
    renderLiquid('{% tablerow i in items offset:1 limit:1 %}{{ i }}{% endtablerow %}', 'text', { data }),
    '<b>',
  )
})
