import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderLiquid } from '../../templates/liquid.ts'

/** Each place in which a tag or a filter whose result may be shared can name something of a recipient. */
const places = [
  '{% for a in (1..9) limit: recipient.n %}{{ a }}{% endfor %}',
  '{% for a in (1..9) offset: recipient.n %}{{ a }}{% endfor %}',
  '{% for a in (1..recipient.n) %}{{ a }}{% endfor %}',
  '{% for a in recipient.list %}{{ a }}{% endfor %}',
  '{% for a in data.none %}{% else %}{{ recipient.n }}{% endfor %}',
  '{% for a in (1..5) %}{% if a == recipient.n %}{% break %}{% endif %}{{ a }}{% endfor %}',
  '{% tablerow a in (1..9) cols: recipient.n %}{{ a }}{% endtablerow %}',
  '{% tablerow a in (1..9) limit: recipient.n %}{{ a }}{% endtablerow %}',
  '{% tablerow a in (1..9) offset: recipient.n %}{{ a }}{% endtablerow %}',
  '{% tablerow a in recipient.list %}{{ a }}{% endtablerow %}',
  '{% case recipient.n %}{% when 1 %}one{% when 2 %}two{% endcase %}',
  '{% case 1 %}{% when 5 or recipient.n %}one{% else %}other{% endcase %}',
  '{% if recipient.n == 1 %}a{% endif %}',
  '{% if false %}{% elsif recipient.n == 1 %}a{% endif %}',
  '{% unless recipient.n == 1 %}a{% endunless %}',
  '{% unless true %}{% elsif recipient.n == 1 %}a{% endunless %}',
  '{% assign x = 3 | plus: recipient.n %}{{ x }}',
  '{% capture x %}{{ recipient.n }}{% endcapture %}{{ x }}',
  '{% echo 1 | plus: recipient.n %}',
  '{{ data.x[recipient.n] }}',
  '{{ data[recipient.key] }}',
  '{{ data.none | default: recipient.n, allow_false: recipient.n }}',
  '{{ data.x | slice: 0, recipient.n | join: recipient.key }}',
  '{{ (recipient.n..3) | join }}{{ (1..recipient.n).last }}',
  '<a href="{% address %}https://a.example/{{ recipient.n }}{% endaddress %}">a</a>',
  '{% addressed "left out" %}{% address used %}{{ recipient.key }}{% endaddress %}{% endaddressed %}',
  '{% nonempty %}<p>{{ recipient.n }}</p>{% endnonempty %}',
]

for (const place of places)
  test(`what it shows is each recipient’s own: ${place}`, () => {
    const data = () => ({ x: ['a', 'b', 'c', 'd'], y: 'Y', key_1: 'first', key_2: 'second' })
    for (const context of ['html', 'text', 'markdown_source'] as const)
      for (const before of ['', '{{ recipient.n }} {{ data.y }} ']) {
        const shown = (n: number, of: object) =>
          renderLiquid(before + place, context, {
            recipient: { n, key: `key_${n}`, list: [n, n + 1] },
            data: of,
          } as never)
        const shared = data()
        const together = [shown(1, shared), shown(2, shared)]
        assert.deepEqual(together, [shown(1, data()), shown(2, data())])
        assert.notEqual(together[0], together[1])
      }
  })
