import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PartialSource } from '../../templates/liquid/rendering.ts'
import { compileMarkdown } from '../../templates/markdown.ts'
import { renderLiquid, type LiquidContext } from '../../templates/liquid.ts'

const data = { name: "O'Brien & <b>", id: 'a&b c', empty: '', list: ["O'Brien & <b>", 'x'] }
const partial = (type: PartialSource['type'], content: string): PartialSource => {
  return { type, content, lists: [], defaults: {} }
}
const partials = {
  shown: partial('html', '<i>{{ x }}</i>'),
  captured: partial('html', '{% capture y %}<u>{{ x }}</u>{% endcapture %}{{ y }}'),
  phrase: partial('markdown', '*{{ x }}*'),
  plain: partial('text', '[{{ x }}]'),
  capture: partial('text', '{% capture a %}{{ x }}{% endcapture %}'),
}
const rendered = (text: string, context: LiquidContext = 'html', given: object = data) =>
  renderLiquid(text, context, { data: given }, { partials })
const NAME = 'O&#39;Brien &amp; &lt;b&gt;'
const hello = '{% capture hello %}Hi <b>{{ name }}</b>{% endcapture %}'
const HELLO = `Hi <b>${NAME}</b>`
const AS_TEXT = `Hi &lt;b&gt;${NAME}&lt;/b&gt;`
const flat = (html: string) =>
  html
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/> | </g, (edge) => edge.trim())

test('what was captured in HTML is HTML: the author’s tags count, and a value is escaped once', () => {
  for (const [shows, expected] of [
    ['{{ hello }}', HELLO],
    ['{% echo hello %}', HELLO],
    ['{{ hello | raw }}', HELLO],
    ['{% assign again = hello %}{{ again }}', HELLO],
    ['{% capture b %}{{ hello }}!{% endcapture %}{{ b }}', `${HELLO}!`],
    ['{% for i in (1..2) %}{{ hello }}{% endfor %}', HELLO + HELLO],
    ['{{ empty | default: hello }}', HELLO],
    ['{{ hello | default: name }}', HELLO],
    ["{% render 'shown', x: hello %}", `<i>${HELLO}</i>`],
    ["{% render 'captured', x: hello %}", `<u>${HELLO}</u>`],
    ["{% render 'phrase', x: hello %}", `<p><em>${HELLO}</em></p>`],
    ["{% render 'plain', x: hello %}", `[${AS_TEXT}]`],
    ['{% assign rows = empty | split: "" | push: hello | push: name %}{{ rows | join: "," }}', `${HELLO},${NAME}`],
    [
      '{% assign l = name | append: none | split: "&" | push: hello %}{{ l | join: "," }}',
      `O&#39;Brien , &lt;b&gt;,${HELLO}`,
    ],
    [
      '{% capture n %}{{ name }}{% endcapture %}{% assign l = n | split: "&" | push: hello %}{{ l | join: "," }}',
      `O&#39;Brien , &lt;b&gt;,${HELLO}`,
    ],
    ['{% assign rows = list | push: hello %}{% for row in rows %}{{ row }};{% endfor %}', `${NAME};x;${HELLO};`],
  ] as const)
    assert.equal(rendered(hello + shows), expected, shows)
})

test('a filter that adds to what was captured, or takes blanks or tags from it, keeps it HTML', () => {
  for (const [filters, expected] of [
    ['strip', HELLO],
    ['append: name', `${HELLO}${NAME}`],
    ['prepend: "<br>"', `&lt;br&gt;${HELLO}`],
    ['append: hello', HELLO + HELLO],
    ['strip_html', `Hi ${NAME}`],
    ['append: "\n-" | newline_to_br', `${HELLO}<br />\n-`],
  ] as const)
    assert.equal(rendered(`${hello}{{ hello | ${filters} }}`), expected, filters)
})

test('any other filter has the text of what was captured, and its result is escaped once', () => {
  const captured = '{% capture a %}{{ name }}{% endcapture %}'
  for (const [filters, expected] of [
    ['upcase', 'O&#39;BRIEN &amp; &lt;B&gt;'],
    ['size', '13'],
    ['truncate: 8', 'O&#39;Bri...'],
    ['split: " " | first', 'O&#39;Brien'],
    ['url_encode', 'O&#39;Brien+%26+%3Cb%3E'],
    ['json', `&quot;${NAME}&quot;`],
    ['escape', NAME],
    ['replace: "<", data.name', `O&#39;Brien &amp; ${NAME}b&gt;`],
  ] as const)
    assert.equal(rendered(`${captured}{{ a | ${filters} }}`), expected, filters)
  assert.equal(
    rendered(`${hello}{{ hello | upcase }}`),
    AS_TEXT.toUpperCase().replace(/&\w+;/g, (e) => e.toLowerCase()),
  )
})

test('a translation around what was captured is text, and what was captured HTML', () => {
  const translations = { en: { '': { click: 'Click {{ link }} <now>, {{ name }}', one: { one: '{{ n }} row' } } } }
  const shown = (text: string) => renderLiquid(text, 'html', { data }, { translations })
  assert.equal(shown(`${hello}{{ "click" | t: link: hello, name: name }}`), `Click ${HELLO} &lt;now&gt;, ${NAME}`)
  assert.equal(shown(`{% capture c %}1{% endcapture %}{{ "one" | t: count: c, n: c }}`), '1 row')
})

test('cycle shows what was captured as it is shown elsewhere, and values escaped', () => {
  const turns = '{% for i in (1..3) %}{% cycle hello, name, "<u>" %};{% endfor %}'
  assert.equal(rendered(hello + turns), `${HELLO};${NAME};&lt;u&gt;;`)
  const groups = '{% cycle "a": hello, 2 %}{% cycle "b": hello, 2 %}{% cycle "a": hello, 2 %}'
  assert.equal(rendered(hello + groups), `${HELLO}${HELLO}2`)
  assert.equal(rendered('{% cycle name %}{% cycle name %}', 'text'), data.name + data.name)
})

test('an encoding or a digest of what was captured is that of its text, with raw behind it, too', () => {
  const captured = '{% capture a %}{{ name }}{% endcapture %}'
  for (const filter of ['url_encode', 'md5', 'sha256', 'base64_encode'])
    assert.equal(rendered(`${captured}{{ a | ${filter} | raw }}`), rendered(`{{ name | ${filter} | raw }}`), filter)
})

test('what a filter makes as HTML is HTML where a name is given to it first', () => {
  for (const [given, made, expected] of [
    ['*a* <b>', 'from_markdown', '<p><em>a</em> &lt;b&gt;</p>'],
    ['a\n<b>', 'newline_to_br', 'a<br />\n&lt;b&gt;'],
    ['a\n<b>', 'escape | newline_to_br', 'a<br />\n&lt;b&gt;'],
    ['<b>', 'escape', '&lt;b&gt;'],
    ['&lt;b&gt;', 'escape_once', '&lt;b&gt;'],
    ['*a* &', 'from_markdown | strip_html', 'a &amp;'],
    ['*a* &', 'from_markdown | append: "<"', '<p><em>a</em> &amp;</p>&lt;'],
    ['*a* & b', 'from_markdown | truncate: 4', 'a...'],
    ['<b>', 'escape | upcase', '&lt;B&gt;'],
  ] as const) {
    assert.equal(rendered(`{% assign a = x | ${made} %}{{ a }}`, 'html', { x: given }), expected, made)
    assert.equal(
      rendered(`{{ x | ${made} }}{% assign l = "" | split: "" | push: x %}`, 'html', { x: given }),
      expected,
      made,
    )
    assert.equal(
      rendered(`{% assign a = x | ${made} %}{% render 'shown', x: a %}`, 'html', { x: given }),
      `<i>${expected}</i>`,
    )
  }
  for (const made of ['newline_to_br', 'escape | newline_to_br'])
    assert.equal(
      rendered(`{% assign l = x | ${made} | split: "<br />" %}{% for a in l %}[{{ a | strip }}]{% endfor %}`, 'html', {
        x: "a & b\n<i>\n'c'",
      }),
      '[a &amp; b][&lt;i&gt;][&#39;c&#39;]',
      made,
    )
  const lines = '{% assign a = x | from_markdown %}\n\nA\n\n{{ a }}\n\nZ'
  assert.equal(flat(rendered(lines, 'markdown', { x: '*a*\n\nb' })), '<p>A</p><p><em>a</em></p><p>b</p><p>Z</p>')
  const text = compileMarkdown(lines).text
  assert.match(rendered(text, 'text', { x: '*a* <b>' }), /^A\n\na <b>\n\nZ$/m)
})

test('in the plain text of a mail what was captured keeps values that look like tags', () => {
  const text = compileMarkdown(
    '{% capture a %}Hi {{ name }}{% endcapture %}\n\n{{ a | raw }}; {{ a | strip | raw }}',
  ).text
  assert.equal(rendered(text, 'text').trim(), `Hi ${data.name}; Hi ${data.name}`)
})

test('with raw behind other filters no value is markup that was captured', () => {
  for (const filters of ['upcase', 'truncate: 40', 'split: " " | join: " "', 'replace: "Hi", "Ho"', 'strip | downcase'])
    assert.doesNotMatch(rendered(`${hello}{{ hello | ${filters} | raw }}`), /& |<b>.*<b>/i, filters)
})

test('raw shows what a filter made of what was written', () => {
  assert.equal(rendered(`${hello}{{ hello | append: "<br>" | raw }}`), `${HELLO}<br>`)
  assert.equal(rendered(`${hello}{{ hello | split: " " | join: "<br>" | raw }}`), HELLO.replaceAll(' ', '<br>'))
  assert.equal(rendered(`${hello}{{ hello | replace: "Hi", "<i>" | raw }}`), HELLO.replace('Hi', '<i>'))
})

test('conditions see the text of what was captured', () => {
  const captured = '{% capture a %}{{ name }}{% endcapture %}{% capture none %}{% endcapture %}'
  for (const condition of [
    'a == name',
    'name == a',
    'a contains "<b>"',
    'list contains a',
    'a.size == name.size',
    'a != "x"',
    'none == empty',
    'none == blank',
    'a > "A"',
  ])
    assert.equal(rendered(`${captured}{% if ${condition} %}yes{% endif %}`), 'yes', condition)
  assert.equal(rendered(`${captured}{% case a %}{% when name %}yes{% endcase %}`), 'yes')
  assert.equal(rendered(`${captured}{{ a.raw }}{{ a.text }}{{ a.markup }}`), '')
})

test('what was captured in Markdown is part of the sentence it stands in', () => {
  const text = 'A {% capture a %}**{{ name }}**{% endcapture %}{{ a }} b'
  assert.match(rendered(text, 'markdown'), new RegExp(`^<p>A <strong>${NAME}</strong> b</p>`))
})

test('a paragraph that was captured in Markdown may stand in a sentence, and blocks stand alone', () => {
  const paragraph = '{% capture a %}\nHi **{{ name }}**\n{% endcapture %}\n'
  const blocks = '{% capture a %}\nHi\n\n- **{{ name }}**\n{% endcapture %}\n'
  const BLOCKS = `<p>Hi</p>\n<ul>\n<li><strong>${NAME}</strong></li>\n</ul>`
  for (const [text, expected] of [
    [`${paragraph}\n{{ a }}`, `<p>Hi <strong>${NAME}</strong></p>`],
    [`${paragraph}\n# A {{ a }} b`, `<h1>A Hi <strong>${NAME}</strong> b</h1>`],
    [`${blocks}\n{{ a }}\n\nb`, `${BLOCKS}\n<p>b</p>`],
    [`{% capture a %}Hi{% endcapture %}\n{% capture b %}{{ a }} x{% endcapture %}\n\n{{ b }}`, '<p>Hi x</p>'],
  ] as const)
    assert.equal(flat(rendered(text, 'markdown')), flat(expected), text)
})

test('what is captured between rows of a table, or before a row, is shown in its cells', () => {
  const head = '| h | k |\n|---|---|\n'
  const cells = (html: string) => Array.from(html.matchAll(/<td>([^]*?)<\/td>/g), ([, cell]) => cell!.trim())
  const strong = (text: string) => `<strong>${text}</strong>`
  const loop = (inner: string) => `${head}{% for i in list %}${inner}{% endfor %}\n\nend`
  for (const rows of [
    '\n{% capture c %}**{{ i }}**{% endcapture %}\n| {{ c }} | {{ i }} |\n',
    '{% capture c %}**{{ i }}**{% endcapture %}| {{ c }} | {{ i }} |\n',
    '\n{% capture b %}_{{ i }}_{% endcapture %}\n{% capture c %}**{{ i }}**{% endcapture %}\n| {{ c }} | {{ i }} |\n',
    '| {% capture c %}**{{ i }}**{% endcapture %}{{ c }} | {{ i }} |\n',
  ]) {
    const html = rendered(loop(rows), 'markdown')
    assert.deepEqual(cells(html), [strong(NAME), NAME, strong('x'), 'x'], rows)
    assert.match(flat(html), /<\/table><p>end<\/p>$/, rows)
    assert.match(rendered(compileMarkdown(loop(rows)).text, 'text'), /^h \| k\n(.*) \| \1\nx \| x\s+end\s*$/, rows)
  }
  const piped = rendered(loop('\n{% capture c %}{{ i }} | y{% endcapture %}\n| {{ c }} | z |\n'), 'markdown')
  assert.deepEqual(cells(piped), [`${NAME} | y`, 'z', 'x | y', 'z'])
  const behind = rendered(`${head}| 1 | 2 |\n\n{% capture c %}x{% endcapture %}\n\n{{ c }}`, 'markdown')
  assert.match(flat(behind), /<\/table><p>x<\/p>$/)
})

test('an address that was captured is the address', () => {
  const captured = '{% capture to %}https://example.com/?x=1&id={{ id | url_encode }}{% endcapture %}'
  const html = rendered(`${captured}[go]({{ to }})`, 'markdown')
  assert.match(html, /href="https:\/\/example\.com\/\?x=1&amp;id=a%26b(%20|\+)c"/)
})

test('in plain text what was captured is as it is', () => {
  assert.equal(
    rendered('{% capture a %}{{ name }}{% endcapture %}{{ a }}{{ a | upcase }}', 'text'),
    data.name + data.name.toUpperCase(),
  )
})

test('in the plain text of Markdown what was captured begins without an empty line', () => {
  const text = compileMarkdown('{% capture a %}\nHi **{{ name }}**\n{% endcapture %}\n\nA {{ a }} b').text
  assert.equal(rendered(text, 'text').trim(), `A Hi ${data.name} b`)
})

test('a value is escaped in HTML, whatever has been captured before', () => {
  const name = '<script>x</script>'
  for (const before of [
    "{% capture z %}1{% endcapture %}{% render 'capture', x: name %}",
    '{% capture a %}{{ name | raw }}{% endcapture %}{{ a | strip_html }}',
    '{% capture a %}{{ name }}{% endcapture %}{% assign b = a %}',
    '{% capture a %}<script>x</script>{% endcapture %}',
  ]) {
    const html = rendered(
      `${before}|{{ name }}|{{ name | default: a }}|{{ name | append: "" }}|{{ none | default: name }}`,
      'html',
      { name },
    )
    const escaped = '&lt;script&gt;x&lt;/script&gt;'
    assert.deepEqual(html.split('|').slice(-4), Array(4).fill(escaped), before)
  }
})

test('no value that is captured is markup, and each is shown', () => {
  const captured = '{% capture a %}<i>{{ x }}</i>{% endcapture %}{{ a }}{% capture c %}{{ a }}{% endcapture %}{{ c }}'
  fc.assert(
    fc.property(fc.string(), (x) => {
      const once = `<i>${rendered('{{ x }}', 'html', { x })}</i>`
      assert.equal(rendered(captured, 'html', { x }), once + once)
    }),
  )
})
