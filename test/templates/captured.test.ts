import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { renderLiquid, type LiquidContext } from '../../templates/liquid.ts'

const data = { name: "O'Brien & <b>", id: 'a&b c' }
const rendered = (text: string, context: LiquidContext = 'html') => renderLiquid(text, context, { data })
const NAME = 'O&#39;Brien &amp; &lt;b&gt;'
const hello = '{% capture hello %}Hi <b>{{ name }}</b>{% endcapture %}'

test('what was captured in HTML is HTML: the author’s tags count, and a value is escaped once', () => {
  assert.equal(rendered(`${hello}{{ hello }}`), `Hi <b>${NAME}</b>`)
  assert.equal(rendered(`${hello}{% assign again = hello %}{{ again }}`), `Hi <b>${NAME}</b>`)
  assert.equal(rendered('{% capture a %}\n {{ name }}\n{% endcapture %}{{ a | strip }}'), NAME)
  assert.equal(rendered(`${hello}{% capture b %}{{ hello }}!{% endcapture %}{{ b }}`), `Hi <b>${NAME}</b>!`)
  assert.equal(rendered(`${hello}{{ hello | raw }}`), `Hi <b>${NAME}</b>`)
})

test('what was captured in Markdown is part of the sentence it stands in', () => {
  const text = 'A {% capture a %}**{{ name }}**{% endcapture %}{{ a }} b'
  assert.match(rendered(text, 'markdown'), new RegExp(`^<p>A <strong>${NAME}</strong> b</p>`))
})

test('an address that was captured is the address', () => {
  const captured = '{% capture to %}https://example.com/?x=1&id={{ id | url_encode }}{% endcapture %}'
  const html = rendered(`${captured}[go]({{ to }})`, 'markdown')
  assert.match(html, /href="https:\/\/example\.com\/\?x=1&amp;id=a%26b(%20|\+)c"/)
})

test('in plain text what was captured is as it is', () => {
  assert.equal(rendered('{% capture a %}{{ name }}{% endcapture %}{{ a }}', 'text'), data.name)
})

test('no value that is captured is markup, and each is shown', () => {
  const captured = '{% capture a %}<i>{{ x }}</i>{% endcapture %}{{ a }}{% capture c %}{{ a }}{% endcapture %}{{ c }}'
  fc.assert(
    fc.property(fc.string(), (x) => {
      const once = `<i>${renderLiquid('{{ x }}', 'html', { data: { x } })}</i>`
      assert.equal(renderLiquid(captured, 'html', { data: { x } }), once + once)
    }),
  )
})
