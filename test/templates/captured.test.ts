import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PartialSource } from '../../templates/liquid/rendering.ts'
import { renderLiquid } from '../../templates/liquid.ts'

const NAME = '<script>x</script>'
const ESCAPED = '&lt;script&gt;x&lt;/script&gt;'
const text: PartialSource = {
  type: 'text',
  content: '{% capture a %}{{ x }}{% endcapture %}',
  lists: [],
  defaults: {},
}

test('a value is escaped in HTML, whatever has been captured before', () => {
  for (const before of [
    "{% capture z %}1{% endcapture %}{% render 'text', x: name %}",
    '{% capture a %}{{ name | raw }}{% endcapture %}{{ a | strip_html }}',
    '{% capture a %}{{ name }}{% endcapture %}{% assign b = a %}',
  ]) {
    const html = renderLiquid(`${before}|{{ name }}`, 'html', { data: { name: NAME } }, { partials: { text } })
    assert.equal(html.split('|').at(-1), ESCAPED, before)
  }
})
