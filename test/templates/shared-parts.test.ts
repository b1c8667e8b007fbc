import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileMarkdown } from '../../templates/markdown.ts'
import { renderLiquid, type LiquidContext } from '../../templates/liquid.ts'

/** It changes nothing that is seen, and makes a template one recipient's from its beginning to its end. */
const ALONE = '{% assign zz = recipient.id %}'

const piece = fc.constantFrom(
  'text <b>',
  '\n\n',
  '{{ recipient.name }}',
  '{{ data.x }}',
  '{{ x }}',
  '{{- x -}}',
  '{{ name }}',
  '{{ total_activities }}',
  '{{ data.list | join: ", " | upcase }}',
  '{{ data[recipient.key] }}',
  '{% for a in data.list %}{{ a }}{{ forloop.index }}{% endfor %}',
  '{% for a in data.list %}{{ a }}{{ recipient.name }}{% endfor %}',
  '{% for x in recipient.list %}{{ x }}{% endfor %}',
  '{%- if recipient.is_on -%} on {{ x }}{% else %}off{% endif %}',
  '{% if data.flag %}{{ recipient.name }}{% elsif x %}{{ x }}{% endif %}',
  '{% case data.x %}{% when recipient.name %}same{% else %}{{ x }}{% endcase %}',
  '<a href="{% address %}https://a.example/{{ recipient.name }}{% endaddress %}">l</a>',
  '{% raw %}{{ x }}{% endraw %}',
  '{% comment %}{{ x }}{% endcomment %}',
  '{% assign x = recipient.name %}',
  '{% capture y %}{{ recipient.name }}{% endcapture %}',
  '{{ y }}',
  '{% for a in data.list %}{% if a == recipient.name %}{% break %}{% endif %}{{ a }}{% endfor %}',
  '{% if recipient.is_on %}{% break %}{% endif %}',
  '{% increment n %}',
  '{% t %}Hello {{ recipient.name }} {{ x }}{% endt %}',
  '{% tablerow a in data.list cols: 2 %}{{ a }}{{ tablerowloop.col }}{% endtablerow %}',
  '{% tablerow a in data.list %}{{ a }}{{ recipient.name }}{% endtablerow %}',
  '{% nonempty %}<p>{{ x }}</p>{% endnonempty %}',
  '{% nonempty %}<p>{{ recipient.name }}</p>{% endnonempty %}',
)
const value = fc.constantFrom('', 'a', '<i>', '*b*', 'x', '{{ x }}', 'https://evil.example', null, 3)
const recipient = fc.record({ name: value, key: value, is_on: fc.boolean(), list: fc.array(value, { maxLength: 3 }) })

test('what recipients of one trigger see is what each would see alone', () => {
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 10 }),
      fc.record({ x: value, list: fc.array(value, { maxLength: 3 }), flag: fc.boolean(), name: value }),
      fc.array(recipient, { minLength: 2, maxLength: 4 }),
      fc.constantFrom<LiquidContext>('html', 'text', 'markdown', 'markdown_source'),
      (pieces, data, recipients, kind) => {
        const written = pieces.join('')
        const [text, context] = kind === 'markdown' ? [compileMarkdown(written).html, 'html' as const] : [written, kind]
        const scopeOf = (own: object, n: number, of: object) => ({
          recipient: { id: `u${n}`, ...own },
          total_activities: n,
          data: of,
        })
        const together = recipients.map((own, n) => renderLiquid(text, context, scopeOf(own, n, data)))
        const alone = recipients.map((own, n) => renderLiquid(ALONE + text, context, scopeOf(own, n, { ...data })))
        assert.deepEqual(together, alone)
      },
    ),
    { numRuns: 2_000 },
  )
})

const ofTheTrigger = {
  'a list that a loop fills': '{% for a in data.list %}\n- {{ a.text | truncatewords: 3 }}\n{% endfor %}',
  'items that a condition may leave out': '- {% if data.list %}{{ data.list[0].text | upcase }}{% endif %}',
  'rows that a loop fills': '| a |\n| --- |\n{% for a in data.list %}| {{ a.text | upcase }} |\n{% endfor %}\n\nend',
  'a tablerow': '{% tablerow a in data.list cols: 2 %}{{ a.text | upcase }}{% endtablerow %}',
  'the address of a link': '[{{ data.list[0].text | upcase }}](https://a.example/{{ data.list[0].text | upcase }})',
  'the address of an image': '![{{ data.list[0].text | upcase }}](https://a.example/{{ data.list[0].text | upcase }})',
  'a quote with a condition': '> {% if data.list %}{{ data.list[0].text | upcase }}{% endif %}',
}
for (const [name, markdown] of Object.entries(ofTheTrigger))
  test(`${name}, beside a recipient’s name, is filled in once for a trigger`, () => {
    const { html, text } = compileMarkdown(`Hi {{ recipient.name }}\n\n${markdown}\n`)
    for (const [compiled, context] of [
      [html, 'html'],
      [text, 'text'],
    ] as const) {
      const readFor = (recipients: number): number => {
        const read = { times: 0 }
        const item = {
          get text() {
            read.times += 1
            return 'Some words'
          },
        }
        const data = { list: [item] }
        for (let n = 0; n < recipients; n += 1)
          assert.match(
            renderLiquid(compiled, context, { recipient: { name: `Ada ${n}` }, data } as never),
            /some words/i,
          )
        return read.times
      }
      assert.equal(readFor(20), readFor(1), context)
    }
  })

test('a name that one recipient’s scope has of its own is never the trigger’s', () => {
  const data = { tone: 'data’s' }
  const text = 'Hi {{ recipient.id }}: {{ tone }}'
  const scopes = [
    { recipient: { id: 1 }, data },
    { recipient: { id: 2 }, data, tone: 'own' },
    { recipient: { id: 3 }, data },
  ]
  assert.deepEqual(
    scopes.map((scope) => renderLiquid(text, 'text', scope)),
    ['Hi 1: data’s', 'Hi 2: own', 'Hi 3: data’s'],
  )
})

test('each recipient hears of a zone that is not known, and of a part that fails', () => {
  const data = { at: '2030-01-31T12:00:00Z', zone: 'Mars', zero: 0 }
  const told: string[][] = []
  for (const id of ['a', 'b']) {
    const warnings: string[] = []
    const text = '{{ recipient.id }} {{ data.at | date: "%H", data.zone }}'
    const shown = renderLiquid(text, 'text', { recipient: { id }, data } as never, {
      warn: (text) => warnings.push(text),
    })
    assert.equal(shown, `${id} 12`)
    told.push(warnings)
    assert.throws(
      () => renderLiquid('{{ recipient.id }} {{ 1 | divided_by: data.zero }}', 'text', { data }),
      /divided by 0/,
    )
  }
  assert.equal(told[0]!.length, 1)
  assert.deepEqual(told[0], told[1])
})

test('parts that are too long only together fail each recipient, and name the limit', () => {
  const data = { long: 'x'.repeat(250_000) }
  for (const id of ['a', 'b'])
    assert.throws(
      () =>
        renderLiquid('{{ data.long }}{{ recipient.id }}{{ data.long }}', 'text', { recipient: { id }, data } as never),
      /longer than 400000 characters/,
    )
})
