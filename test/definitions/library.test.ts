import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCatalog } from '../../definitions/read-catalog.ts'
import type { EmailContent } from '../../channels/email/content.ts'
import { renderStep } from '../../channels/render-step.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'
import { unescapeHtml } from '../../templates/escape.ts'
import { testScope } from '../../testing/fixtures/scope.ts'

const email = (template: object) => ({
  steps: [{ ref: 'email_1', type: 'channel', channel_type: 'email', template: { subject: 'Hi', ...template } }],
})
const block = (content: string) => ({ visual_blocks: [{ type: 'markdown', content }] })

async function rendered(
  files: Record<string, unknown>,
  given: Parameters<typeof testScope>[0] = {},
): Promise<EmailContent> {
  const { definitions } = await readCatalog(notificationsFolder(files))
  const { definition } = definitions.get('hello')!
  const step = definition.steps[0]!
  assert.ok(step.type === 'channel')
  const scope = testScope({ ...given, ...(definition.library && { library: definition.library }) })
  return renderStep(step, scope) as EmailContent
}

test('an e-mail stands in the layout it names, its styles written into its elements, with a text of its own', async () => {
  const { html_body, text_body } = await rendered(
    {
      'hello/workflow.json': email({
        settings: { layout_key: 'default', pre_content: '{% assign heading = data.title %}' },
        ...block('Hello **{{ data.name }}**\n{% assign end = "bye" %}'),
      }),
      'layouts/default/layout.json': {
        'html_layout@': 'html.html',
        text_layout: '== {{ content }} ==',
        footer_links: [{ text: 'Help', url: 'https://help.example' }],
      },
      'layouts/default/html.html':
        '<html><head><style>p{color:red}@media (prefers-color-scheme: dark){p{color:blue}}</style></head>' +
        '<body><h1>{{ heading }}</h1><table>{% for x in (1..2) %}<tr><td>{{ x }}</td></tr>{% endfor %}</table>{{ content }}<p>{{ end }}</p>{{ footer_links }}</body></html>',
    },
    { data: { title: '<T>', name: 'Ada' } },
  )
  assert.match(html_body, /<h1>&lt;T&gt;<\/h1>/)
  assert.match(html_body, /<tr><td>1<\/td><\/tr>\s*<tr><td>2<\/td><\/tr>/)
  assert.match(html_body, /<p style="color: ?red;?">Hello <strong>Ada<\/strong><\/p>/)
  assert.match(html_body, /<p style="color: ?red;?">bye<\/p><a href="https:\/\/help\.example">Help<\/a>/)
  assert.match(html_body, /prefers-color-scheme: dark/)
  assert.match(text_body ?? '', /^== Hello Ada\s*==\n$/)
})

test('links of a layout stand side by side or are gone through, in HTML and in text', async () => {
  const footer_links = [
    { text: "Terms 100% & 'more'", url: '{{ vars.app }}/t' },
    { text: 'Help', url: 'https://help.example/?a=1&b={{ data.b }}' },
  ]
  const each = '{% for link in footer_links %}[{{ link.text }}]{{ link.url }} {% endfor %}{{ footer_links.size }}'
  const shown = (html: string, text: string) =>
    rendered(
      {
        'hello/workflow.json': email({ settings: { layout_key: 'a' }, ...block('Hi') }),
        'vars.json': { app: 'https://app.example' },
        'layouts/a/layout.json': {
          html_layout: `<body>{{ content }}${html}</body>`,
          text_layout: `{{ content }}\n${text}`,
          footer_links,
        },
      },
      { data: { b: 2 } },
    )
  const whole = await shown('{{ footer_links }}', '{{footer_links}}')
  assert.match(
    whole.html_body,
    /<a href="https:\/\/app\.example\/t">Terms 100% & 'more'<\/a> &middot; <a href="[^"]*b=2">Help<\/a>/,
  )
  assert.ok(
    whole.text_body!.endsWith("Terms 100% & 'more': https://app.example/t\nHelp: https://help.example/?a=1&b=2\n"),
  )
  const through = await shown(
    `<table><tr>{% for link in footer_links %}<td><a href="{{ link.url }}">{{ link.text }}</a></td>{% endfor %}</tr></table>`,
    each,
  )
  assert.equal(
    through.text_body,
    "Hi\n[Terms 100% & 'more']https://app.example/t [Help]https://help.example/?a=1&b=2 2\n",
  )
  assert.match(through.html_body, /<td><a href="https:\/\/app\.example\/t">Terms 100% &amp; &#39;more&#39;<\/a><\/td>/)
  assert.match(through.html_body, /<td><a href="https:\/\/help\.example\/\?a=1&amp;b=2">Help<\/a><\/td>/)
})

test('what runs before a layout is known to both parts of the mail', async () => {
  const { html_body, text_body } = await rendered(
    {
      'hello/workflow.json': email({
        settings: { layout_key: 'a', pre_content: '{% assign heading = data.n %}' },
        ...block('the {{ heading }}'),
      }),
      'layouts/a/layout.json': {
        html_layout: '<body>{{ heading }}: {{ content }}</body>',
        text_layout: '{{ heading }}: {{ content }}',
      },
    },
    { data: { n: 7 } },
  )
  assert.match(html_body, /7: .*<p>the 7<\/p>/s)
  assert.equal(text_body, '7: the 7\n')
})

test('the text made of HTML holds no tag that a filter made', async () => {
  const content =
    '<p>{{ data.lines | newline_to_br }}</p><p>{{ data.lines | escape }}</p>{{ data.md | from_markdown }}{{ data.html | raw }}'
  const data = {
    lines: 'a < b\nc',
    md: '# Head\n\n**x** {{ y }}',
    html: '<p>see <a href="https://x.example/{%a%}">x</a></p>',
  }
  for (const template of [{ html_body: content }, { visual_blocks: [{ type: 'html', content }] }]) {
    const { text_body } = await rendered({ 'hello/workflow.json': email(template) }, { data })
    assert.equal(text_body!.replace(/\s+/g, ' '), 'a < b c a < b c Head x {{ y }} see x (https://x.example/{%a%}) ')
  }
  const markdown = await rendered({ 'hello/workflow.json': email(block('Hi {{ data.html | raw }}')) }, { data })
  assert.match(markdown.text_body!, /^Hi see x \(https:/)
})

test('an input of a list may lack a default, and as a block be the JSON of one', async () => {
  const { html_body } = await rendered(
    {
      'hello/workflow.json': email({
        visual_blocks: [{ type: 'partial', key: 'names', attrs: { people: '{{ data.people | json }}' } }],
      }),
      'partials/names/partial.json': {
        type: 'html',
        content: '<ul>{% for one in people %}<li>{{ one.name }}</li>{% endfor %}</ul>',
        input_schema: [{ type: 'list', key: 'people', label: 'People', settings: { required: false } }],
      },
    },
    { data: { people: [{ name: '<Ada>' }, { name: 'Bob' }] } },
  )
  assert.match(html_body, /<ul><li>&lt;Ada&gt;<\/li><li>Bob<\/li><\/ul>/)
})

test('a mail of text alone stands in the text of its layout, and has no HTML that would hide it', async () => {
  for (const blocks of [{}, { visual_blocks: [] }, { visual_blocks: null, html_body: '' }]) {
    const { html_body, text_body } = await rendered({
      'hello/workflow.json': email({ settings: { layout_key: 'a' }, text_body: 'Hi', ...blocks }),
      'layouts/a/layout.json': { html_layout: '<body>{{ content }}</body>', text_layout: '= {{ content }} =' },
    })
    assert.deepEqual([html_body, text_body], ['', '= Hi =\n'])
  }
})

test('styles of a partial and of an HTML block stand in the head, once', async () => {
  const partial =
    '<style>.own { color: red }\n@media print { .own { color: black } }</style><p class="own">{{ x }} <a href="https://a.example/{{ x }}">open</a></p>'
  const card = (x: string) => ({ type: 'partial', key: 'card', attrs: { x } })
  const { html_body, text_body } = await rendered({
    'hello/workflow.json': email({
      visual_blocks: [
        card('1'),
        { type: 'html', content: '<style>i { color: blue }</style><i>2</i>' },
        card('{{ "<style>" }}'),
      ],
    }),
    'partials/card/partial.json': { type: 'html', content: partial },
  })
  const [head, body] = html_body.split(/<body\b/) as [string, string]
  assert.equal(head.split('.own').length, 3, 'once, and once more in its media query')
  assert.ok(!body.includes('<style'), body)
  assert.match(body, /<p class="own"[^>]*>1 <a/)
  assert.match(body, /<i style="color: ?blue;?">2<\/i>/)
  assert.match(body, /&lt;style&gt; <a/)
  assert.match(text_body!, /^1 open \(https:\/\/a\.example\/1\)\s+2\s+<style> open/)
  assert.doesNotMatch(text_body!, /color/)
})

test('a layout that is not there is told, and a plain one takes its place', async () => {
  const folder = notificationsFolder({
    'hello/workflow.json': email({ settings: { layout_key: 'default' }, ...block('Hi') }),
  })
  const { warnings } = await readCatalog(folder)
  assert.deepEqual(warnings, [
    'hello/workflow.json: names the layout default, which is not in layouts/: a plain one is used',
  ])
})

test('a partial sees its inputs and vars alone; as a block its inputs are text', async () => {
  const files = {
    'vars.json': { app: 'Belay' },
    'partials/callout/partial.json': {
      type: 'html',
      content: '<b>{{ text }}{{ data.text }}{{ recipient.id }} {{ vars.app }} {{ tone }}</b>',
      input_schema: [{ type: 'text', key: 'tone', label: 'Tone', settings: { default: 'calm' } }],
    },
  }
  const data = { text: '<i>"x"' }
  const tag = { ...files, 'hello/workflow.json': email(block("{% render 'callout', text: data.text %}")) }
  assert.match((await rendered(tag, { data })).html_body, /<b>&lt;i&gt;&quot;x&quot; Belay calm<\/b>/)
  const asBlock = email({ visual_blocks: [{ type: 'partial', key: 'callout', attrs: { text: '{{ data.text }}' } }] })
  const { html_body, text_body } = await rendered({ ...files, 'hello/workflow.json': asBlock }, { data })
  assert.match(html_body, /<b>&lt;i&gt;&quot;x&quot; Belay calm<\/b>/)
  assert.match(text_body ?? '', /<i>"x" Belay calm/)
})

test('a partial that is not there stops the start; one that renders itself fails its message', async () => {
  const [problem] = await problemsOf(notificationsFolder({ 'hello/workflow.json': email(block("{% render 'no' %}")) }))
  assert.match(problem?.message ?? '', /renders the partial no, which is not in partials/)
  const endless = {
    'hello/workflow.json': email(block("{% render 'a' %}")),
    'partials/a/partial.json': { type: 'html', content: "{% render 'a' %}" },
  }
  await assert.rejects(rendered(endless), /nested more than 5 deep/)
})

test("texts come in the recipient's locale, else its language, else English", async () => {
  const files = {
    'hello/workflow.json': email(
      block(
        '{{ "orders.ready" | t: count: data.n, name: recipient.name }} / {{ "mail:bye" | t }} / {% t %}Hello{% endt %}',
      ),
    ),
    'translations/en/en.json': {
      orders: { ready: { one: '{{ name }}: one order', other: '{{ name }}: {{ count }} orders' } },
    },
    'translations/en/mail.en.json': { bye: 'Bye' },
    'translations/de/de.po':
      'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Hello"\nmsgstr "Hallo {{ recipient.name }}"\n',
  }
  const text = async (locale: string, n: number) => {
    const recipient = { id: 'u', properties: { locale, name: 'Ada' } }
    return (await rendered(files, { recipient, data: { n } })).text_body
  }
  assert.equal(await text('en-GB', 1), 'Ada: one order / Bye / Hello\n')
  assert.equal(await text('de-AT', 3), 'Ada: 3 orders / Bye / Hallo Ada\n')
})

test('a text of the tag t is found by what its author wrote, whatever that is compiled to', async () => {
  const markdown = 'Terms & "conditions" are **here**: [go]({{ data.url }})'
  const html = '<b class="x">Go</b> & <a href="{{ data.url }}">on</a>'
  const { html_body, text_body } = await rendered(
    {
      'hello/workflow.json': email({
        settings: { layout_key: 'default' },
        visual_blocks: [
          { type: 'markdown', content: `{% t %}${markdown}{% endt %}\n\n{%- t -%}\nAlone & well\n{%- endt -%}` },
          { type: 'html', content: `<p>{% t %}${html}{% endt %}</p>` },
          { type: 'markdown', content: "{% render 'shared' %}" },
        ],
      }),
      'layouts/default/layout.json': { html_layout: '<style>b{color:red}</style><body>{{ content }}</body>' },
      'partials/shared/partial.json': { type: 'html', content: `<i>{% t %}${html}?{% endt %}</i>` },
      'translations/en/en.json': {
        [markdown]: 'FIRST {{ data.url }}',
        'Alone & well': 'SECOND',
        [html]: 'THIRD',
        [`${html}?`]: 'FOURTH',
      },
    },
    { data: { url: 'https://a.example' } },
  )
  for (const text of [html_body, text_body ?? ''])
    assert.deepEqual(text.match(/FIRST https:\/\/a\.example|SECOND|THIRD|FOURTH|Terms|Alone|Go/g), [
      'FIRST https://a.example',
      'SECOND',
      'THIRD',
      'FOURTH',
    ])
})

test('a translation that holds a tag of compiled templates, or no Liquid, is refused by file and key', async () => {
  const po = 'msgid ""\nmsgstr ""\n\nmsgid "Hi"\nmsgstr "{% address %}x{% endaddress %}"\n'
  const folder = notificationsFolder({
    'hello/workflow.json': email(block('{% t %}Hi{% endt %}')),
    'translations/de/de.po': po,
    'translations/en/en.json':
      '{\n"fine": "Hi {{ name }}",\n"mail": {\n"bad": "{{ a | text_of_html }}",\n"open": "{% if a %}"\n}}',
  })
  const problems = await problemsOf(folder)
  assert.deepEqual(
    problems.map(({ file, line, field }) => [file, line, field]),
    [
      ['translations/de/de.po', undefined, 'Hi'],
      ['translations/en/en.json', 4, 'mail.bad'],
      ['translations/en/en.json', 5, 'mail.open'],
    ],
  )
  assert.match(problems[0]!.message, /address/)
})

test('a translation whose header names no encoding where it is looked for is UTF-8', async () => {
  for (const header of [
    '',
    'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=2;\\n"\n\n',
  ]) {
    const files = {
      'hello/workflow.json': email(block('{{ "Good day" | t }}')),
      'translations/de/de.po': `${header}msgid "Good day"\nmsgstr "Grüß Gott ✓"\n`,
    }
    const { text_body } = await rendered(files, { recipient: { id: 'u', properties: { locale: 'de' } } })
    assert.equal(text_body, 'Grüß Gott ✓\n')
  }
})

test('a translation is read however many empty lines are in it', { timeout: 600_000 }, async () => {
  const po = `msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n\n${' \n'.repeat(200_000)}msgid "Hi"\nmsgstr "Hallo, hä?"\n`
  const files = {
    'hello/workflow.json': email(block('{{ "Hi" | t }}')),
    'translations/de/de.po': po,
  }
  const { html_body } = await rendered(files, { recipient: { id: 'u', properties: { locale: 'de' } } })
  assert.match(html_body, /Hallo, hä\?/)
})

test('what is odd in a partial’s Markdown is told with its file and line, and so is what is no Liquid', async () => {
  const odd = 'Hi\n\n| a | b |\n|---|---|\n| 1 | {% for i in l %}2 |\n\nText\n\n{% endfor %}'
  const files = {
    'hello/workflow.json': email(block("{% render 'odd' %}")),
    'partials/odd/partial.json': { type: 'markdown', 'content@': 'content.md' },
    'partials/odd/content.md': odd,
    'partials/inline/partial.json': { type: 'markdown', content: odd },
  }
  const { warnings } = await readCatalog(notificationsFolder(files))
  const told = 'line 5 of the text: {% for i in l %} stands in a table or an address'
  assert.deepEqual(
    (warnings ?? []).map((warning) => warning.split(', and the rest')[0]),
    [`partials/inline/partial.json:1, content: ${told}`, `partials/odd/content.md, content: ${told}`],
  )
  const problems = await problemsOf(notificationsFolder({ ...files, 'partials/odd/content.md': 'a\n{% if x %}' }))
  const { file, message } = problems.find((problem) => problem.file.startsWith('partials/odd'))!
  assert.equal(file, 'partials/odd/content.md')
  assert.match(message, /is not a Liquid template: .*line:2/s)
})

test('a partial of Markdown within a sentence, a block of HTML and a layout is part of its paragraph', async () => {
  const { html_body, text_body } = await rendered(
    {
      'hello/workflow.json': email({
        settings: { layout_key: 'a' },
        visual_blocks: [
          {
            type: 'markdown',
            content: "Dear {% render 'name', x: data.x %}!\n\n- {% render 'name', x: data.x %}\n- b",
          },
          { type: 'partial', key: 'name', attrs: { x: '{{ data.x }}' } },
          { type: 'html', content: "<p>1 {% render 'name', x: data.x %}</p><div>{% render 'name', x: data.x %}</div>" },
          {
            type: 'button_set',
            buttons: [{ label: "Go {% render 'name', x: data.x %}", action: 'https://a.example' }],
          },
        ],
      }),
      'partials/name/partial.json': { type: 'markdown', content: '**{{ x }}**\n' },
      'layouts/a/layout.json': {
        html_layout: "<body>{{ content }}<h2>{% render 'name', x: 'z' %}</h2></body>",
        text_layout: "{{ content }}\n{% render 'name', x: 'z' %}",
      },
    },
    { data: { x: '*v*' } },
  )
  const name = '<strong>*v*</strong>'
  for (const part of [
    `<p>Dear ${name}!</p>`,
    `<p>${name}</p>`,
    `<p>1 ${name}</p><div><p>${name}</p></div>`,
    `Go ${name}`,
    '<h2><strong>z</strong></h2>',
  ])
    assert.ok(html_body.includes(part), `${part} in ${html_body}`)
  assert.match(html_body, /<li>\s*<strong>\*v\*<\/strong>\s*<\/li>/)
  assert.equal(text_body, 'Dear *v*!\n\n- *v*\n- b\n\n*v*\n\n1 *v*\n\n*v*\n\nGo *v*: https://a.example\nz\n')
})

test('a text that a block hands to a partial is that text, whatever characters it has', async () => {
  const text = `Tea & <b>"milk"</b> it's {{ data.x }} 100% {{ "a" | append: '}' }} &amp; </td> \u00a0`
  const { html_body, text_body } = await rendered(
    {
      'hello/workflow.json': email({ visual_blocks: [{ type: 'partial', key: 'note', attrs: { text } }] }),
      'partials/note/partial.json': { type: 'html', content: '<p class="note">{{ text }}</p>' },
    },
    { data: { x: "<i> & '%}'" } },
  )
  const shown = `Tea & <b>"milk"</b> it's <i> & '%}' 100% a} &amp; </td> \u00a0`
  assert.equal(unescapeHtml(/<p class="note"[^<>]*>(.*?)<\/p>/.exec(html_body)![1]!), shown)
  assert.equal(text_body?.trim(), shown.trim())
})
