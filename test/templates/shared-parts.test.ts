import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { withFooterLinks } from '../../definitions/footer-links.ts'
import { compileMarkdown } from '../../templates/markdown.ts'
import { renderLiquid, type LiquidContext } from '../../templates/liquid.ts'

/** It shows nothing, and makes a template one recipient's from its beginning to its end. */
const ALONE = '{% cycle "" %}'

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
  '{% if data.flag %}{% assign recipient = data %}{% endif %}{{ recipient.name }}',
  '{% if data.flag %}{% capture total_activities %}{{ x }}{% endcapture %}{% endif %}',
  '{% for recipient in data.list %}{{ recipient }}{% else %}{{ recipient.name }}{% endfor %}',
  '{% for a in data.list limit: 1 %}{{ a }}{% endfor %}',
  '{% for a in data.list offset: continue %}{{ a }}{% endfor %}',
  '{% for a in data.list limit: 1 %}{{ recipient.name }}{% endfor %}',
  '{% tablerow a in data.list cols: 2 %}{{ a }}{% if a == x %}{% break %}{% endif %}{% endtablerow %}',
  '{% assign data = recipient %}',
  '{% assign x = data.list | first %}',
  '{% decrement x %}',
  '{% cycle data.x, recipient.name %}',
  '{% render "shown", x: x %}',
  '{{ data.at | date: "%H", data.x }}',
  '{% addressed "left out" %}<a href="{% address needed %}{{ x }}{% endaddress %}">l</a>{% endaddressed %}',
  '{% addressed %}{% address judged %}{{ recipient.name }}{% endaddress %}m{% endaddressed %}',
  '{% footer_links \'[{"text":"T","url":"https://a.example/\\u007b\\u007b x \\u007d\\u007d"}]\' %}',
  '{% for link in footer_links %}{{ link.url }}{% endfor %}',
  '{{ (1..recipient.no).last }}',
  '{% for a in (1..recipient.no) %}{{ a }}{{ x }}{% endfor %}',
  '{% if data.none or[data.root].is_on %}on{% endif %}',
  '{% for a in[data.root].list %}{{ a }}{% endfor %}',
  '{{ "key" |\u180et }}',
  '{{ data.list | reverse | sort | join: "-" }}',
  '{% for a in data.list reversed %}{{ a }}{% endfor %}',
  '{% for a in data["%"] limit: 1 %}{{ a }}{{ recipient.key }}{% endfor %}',
  '{% for a in data["%"] offset: continue %}{{ a }}{% endfor %}',
  '{%\u180eassign x = recipient.name %}',
  '{% footer_links \'[{"text":"T","url":"\\u007b\\u0025 assign x = 1 \\u0025\\u007d"}]\' %}',
)
const translations = { en: { '': { key: 'Key' } }, de: { '': { key: 'Schlüssel' } } }
const partials = { shown: { type: 'html' as const, content: '<i>{{ x }}</i>', lists: [], defaults: {} } }
const value = fc.constantFrom('', 'a', '<i>', '*b*', 'x', '{{ x }}', 'https://evil.example', null, 3)
const recipient = fc.record({
  name: value,
  key: value,
  is_on: fc.boolean(),
  no: fc.integer({ min: 0, max: 4 }),
  list: fc.array(value, { maxLength: 3 }),
})

test('what recipients of one trigger see is what each would see alone', () => {
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 10 }),
      fc.record({
        x: value,
        list: fc.array(value, { maxLength: 3 }),
        flag: fc.boolean(),
        name: value,
        at: fc.constant('2030-01-31T12:00:00Z'),
        root: fc.constant('recipient'),
        '%': fc.constant([1, 2]),
      }),
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
        const shown = (template: string, scope: { data: object; total_activities: number }) => {
          const warnings = new Set<string>()
          const warn = (message: string) => void warnings.add(message)
          const locale = scope.total_activities % 2 === 0 ? 'en' : 'de'
          return [renderLiquid(template, context, scope, { partials, translations, locale, warn }), [...warnings]]
        }
        const together = recipients.map((own, n) => shown(text, scopeOf(own, n, data)))
        const alone = recipients.map((own, n) => shown(ALONE + text, scopeOf(own, n, { ...data })))
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
  'what stands before and behind a name that is assigned':
    '{{ data.list[0].text | upcase }}\n\n{% assign own = recipient.name %}{{ own }}\n\n{{ data.list[0].text | upcase }}',
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

test('what stands beside a layout’s own list of links is filled in once for a trigger', () => {
  const layout = withFooterLinks(
    '<p>{{ data.item.text | upcase }}</p><i>{{ recipient.name }}</i>{% for link in footer_links %}<a href="{{ link.url }}">{{ link.text }}</a>{% endfor %}',
    [{ text: 'For {{ recipient.name }}', url: 'https://a.example' }],
    'html',
  )
  const read = { times: 0 }
  const item = {
    get text() {
      read.times += 1
      return 'Words'
    },
  }
  const data = { item }
  for (const name of ['Ada', 'Bob'])
    assert.equal(
      renderLiquid(layout, 'html', { recipient: { name }, data } as never),
      `<p>WORDS</p><i>${name}</i><a href="https://a.example">For ${name}</a>`,
    )
  assert.equal(read.times, 1)
})

const ofOne = {
  'a branch not taken would have assigned':
    '{% if data.owner %}{% assign recipient = data.owner %}{% endif %}Hi {{ recipient.name }}',
  'a branch not taken would have captured':
    '{% if data.owner %}{% capture recipient %}x{% endcapture %}{% endif %}Hi {{ recipient.name }}',
  'an empty loop would have assigned':
    '{% for one in data.none %}{% assign recipient = one %}{% endfor %}Hi {{ recipient.name }}',
  'an empty loop would have had': '{% for recipient in data.none %}{% else %}Hi {{ recipient.name }}{% endfor %}',
  'a tag computes': '{%if[data.root].name == "Ada"%}Hi Ada{%else%}Hi Bob{%endif%}',
  'an operator computes': '{% if data.none or[data.root].name == "Ada" %}Hi Ada{% else %}Hi Bob{% endif %}',
  'a loop computes': 'Hi {% for one in[data.root].names %}{{ one }}{% endfor %}',
  'a choice computes': '{% case "Ada" %}{% when "x" or[data.root].name %}Hi Ada{% else %}Hi Bob{% endcase %}',
  'an output with an end in quotes computes': '{{ "Hi}} " | replace: "}}", "" | append:[data.root].name }}',
  'a range ends with': '{% if (1..recipient.no).last == 1 %}Hi Ada{% else %}Hi Bob{% endif %}',
  'a blank of Mongolian precedes': '{{ "greeting" |\u180et }}',
  'a comparison computes': '{% if "Ada"==[data.root].name %}Hi Ada{% else %}Hi Bob{% endif %}',
}
for (const [name, text] of Object.entries(ofOne))
  test(`a name that ${name} is each recipient’s own`, () => {
    for (const template of [text, `{{ recipient.id }}: ${text}`]) {
      const data = { root: 'recipient' }
      const shown = ['Ada', 'Bob'].map((name, n) => {
        const recipient = { id: 'u', name, names: [name], no: n + 1 }
        const translations = { en: { '': { greeting: `Hi ${name}` } } }
        return renderLiquid(template, 'html', { recipient, data } as never, { translations })
      })
      assert.deepEqual(
        shown.map((each) => each.replace('u: ', '')),
        ['Hi Ada', 'Hi Bob'],
        template,
      )
    }
  })

test('a loop goes on where another ended, whatever stands between them', () => {
  const data = { list: [1, 2, 3, 4] }
  const text =
    '{% for a in data.list limit: 2 %}{{ a }}{% endfor %}{{ recipient.id }}{% for a in data.list offset: continue %}{{ a }}{% endfor %}'
  for (const id of ['a', 'b'])
    assert.equal(renderLiquid(text, 'text', { recipient: { id }, data } as never), `12${id}34`)
})

test('a loop goes on where another ended, whatever its list is called', () => {
  const data = { '100%': [1, 2, 3, 4] }
  const text =
    '{% for a in data["100%"] limit: 2 %}{{ a }}{{ recipient.id }}{% endfor %}{% for a in data["100%"] offset: continue %}{{ a }}{% endfor %}'
  for (const id of ['a', 'b'])
    assert.equal(renderLiquid(text, 'text', { recipient: { id }, data } as never), `1${id}2${id}34`)
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
  for (const own of ['{{ recipient.id }} ', '']) {
    const told: string[][] = []
    for (const id of ['a', 'b']) {
      const warnings: string[] = []
      const scope = { recipient: { id }, data }
      const shown = renderLiquid(`${own}{{ data.at | date: "%H", data.zone }}`, 'text', scope, {
        warn: (text) => warnings.push(text),
      })
      assert.equal(shown, own === '' ? '12' : `${id} 12`)
      told.push(warnings)
      assert.throws(() => renderLiquid(`${own}{{ 1 | divided_by: data.zero }}`, 'text', { data }), /divided by 0/)
    }
    assert.equal(told[0]!.length, 1)
    assert.deepEqual(told[0], told[1])
  }
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
