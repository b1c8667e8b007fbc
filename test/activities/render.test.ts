import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EmailContent } from '../../channels/email/content.ts'
import type { FeedContent } from '../../channels/in-app-feed/content.ts'
import type { HttpContent } from '../../channels/http/content.ts'
import { TemplateError } from '../../templates/filler.ts'
import { renderStep } from '../../channels/render-step.ts'
import { takeWarnings, type Scope } from '../../templates/scope.ts'
import type { ChannelStep } from '../../definitions/step.ts'
import type { EmailTemplate } from '../../channels/email/template.ts'
import type { VisualBlock } from '../../channels/email/visual-block.ts'
import type { FeedTemplate } from '../../channels/in-app-feed/template.ts'
import type { HttpTemplate } from '../../channels/http/template.ts'
import { outlineOf } from '../../testing/fixtures/outline.ts'
import { testScope } from '../../testing/fixtures/scope.ts'

const base = { type: 'channel' as const, ref: 'step_1', name: 'Step', next: null, channel: { key: 'c', id: 'c' } }
const render = (step: ChannelStep, scope: Scope) => renderStep(step, scope)

function feed(template: Partial<FeedTemplate>, data: Record<string, unknown> = {}): FeedContent {
  const whole = { markdownBody: 'Hi', actionUrl: null, actionButtons: [], ...template }
  return render({ ...base, channelType: 'in_app_feed', template: whole }, testScope({ data })) as FeedContent
}
function email(template: Partial<EmailTemplate>, data: Record<string, unknown> = {}): EmailContent {
  const whole = { subject: 'Hi', body: { html: 'Hi' }, textBody: null, attachmentKey: null, ...template }
  return render({ ...base, channelType: 'email', template: whole }, testScope({ data })) as EmailContent
}
function http(template: Partial<HttpTemplate>, data: Record<string, unknown> = {}): HttpContent {
  const whole = {
    method: 'post' as const,
    url: 'https://example.com',
    headers: [],
    queryParams: [],
    body: null,
    ...template,
  }
  return render({ ...base, channelType: 'http', template: whole }, testScope({ data })) as HttpContent
}
const markdown = (markdownBody: string, data: Record<string, unknown> = {}): string => {
  const [body] = feed({ markdownBody }, data).blocks
  return body?.name === 'body' ? body.rendered : ''
}
const fails = (field: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof TemplateError)
  assert.deepEqual([error.step, error.field], ['step_1', field])
  assert.match(error.message, message)
  return true
}

test('a feed message is a body, and an action_url where there is one', () => {
  const { blocks } = feed(
    { markdownBody: 'Hello **{{ name }}**', actionUrl: ' https://example.com/{{ id }} ' },
    { name: 'Ada', id: 7 },
  )
  assert.deepEqual(blocks, [
    { name: 'body', type: 'markdown', content: 'Hello **Ada**', rendered: '<p>Hello <strong>Ada</strong></p>' },
    { name: 'action_url', type: 'text', content: 'https://example.com/7', rendered: 'https://example.com/7' },
  ])
})

test('a feed message may have buttons instead', () => {
  const actionButtons = [
    { label: 'Yes, {{ name }}', action: 'https://example.com/yes' },
    { label: 'No', action: '/no' },
  ]
  assert.deepEqual(feed({ actionButtons }, { name: 'Ada' }).blocks[1], {
    name: 'actions',
    type: 'button_set',
    buttons: [
      { name: 'primary', label: 'Yes, Ada', action: 'https://example.com/yes' },
      { name: 'secondary', label: 'No', action: '/no' },
    ],
  })
})

test('a value in Markdown is text: it makes no HTML, link, emphasis, heading or code', () => {
  const hostile = '<img src=x onerror=alert(1)> [here](https://evil.example) **b** _i_ `c` # h & "q" \\'
  const rendered = markdown('{{ x }}', { x: hostile })
  assert.equal(
    rendered,
    '<p>&lt;img src=x onerror=alert(1)&gt; [here](https://evil.example) **b** _i_ `c` # h &amp; &quot;q&quot; \\</p>',
  )
  assert.equal(markdown('# {{ x }}', { x: '# a' }), '<h1># a</h1>')
})

test('values keep every character in code and in link targets', () => {
  assert.equal(markdown('`{{ x }}`', { x: 'a_b`<&>' }), '<p><code>a_b`&lt;&amp;&gt;</code></p>')
  assert.equal(
    markdown('[go]({{ x }})', { x: 'https://a.example/x_(y)?a=1&b=2#c' }),
    '<p><a href="https://a.example/x_(y)?a=1&amp;b=2#c">go</a></p>',
  )
})

test('a value cannot make a link run code', () => {
  const rendered = markdown('[go]({{ x }}) <a href="{{ x }}">', { x: 'javascript:alert(1)' })
  assert.equal(rendered, '<p><a href="#">go</a> <a href="#"></p>')
})

test('the Markdown of a message holds its values as they are', () => {
  const [body] = feed({ markdownBody: 'From **{{ x }}**' }, { x: 'a_b*' }).blocks
  assert.ok(body?.name === 'body')
  assert.equal(body.content, 'From **a_b***')
})

test("`raw` lets a value's HTML through, never its Markdown; `from_markdown` its Markdown, never its HTML", () => {
  assert.equal(markdown('{{ x | raw }}', { x: '**b** <i>x</i>' }), '<p>**b** <i>x</i></p>')
  assert.equal(markdown('{{ x | from_markdown }}', { x: '**b** <i>' }), '<p><strong>b</strong> &lt;i&gt;</p>')
})

test("the author's own HTML in Markdown counts", () => {
  assert.equal(markdown('<b>{{ x }}</b>', { x: '<i>' }), '<p><b>&lt;i&gt;</b></p>')
  assert.equal(markdown('<blockquote>\n{{ x }}\n</blockquote>', { x: '> q' }), '<blockquote>\n&gt; q\n</blockquote>')
})

test('a value makes no heading, rule, code or list, whatever line it begins', () => {
  for (const x of ['x\n===', '---', '    code', '- item', '1. one', '> quote', '| a |\n|--|', '```']) {
    assert.equal(markdown('{{ x }}', { x }).replace(/&gt;/g, '>'), `<p>${x}</p>`)
  }
  assert.equal(markdown('a **{{ x }}** b', { x: '' }), '<p>a <strong></strong> b</p>')
  assert.equal(
    markdown('[go]({{ x }})', { x: 'https://a.example/x y' }),
    '<p><a href="https://a.example/x%20y">go</a></p>',
  )
})

test('lines of tags are blocks, and a loop around a list makes one list', () => {
  const body = '{% if x %}\n**{{ x }}** did\n> quote\n{% else %}\nno\n{% endif %}'
  assert.match(
    markdown(body, { x: 'Ada' }),
    /^<p><strong>Ada<\/strong> did<\/p>\s*<blockquote>\s*<p>quote<\/p>\s*<\/blockquote>$/,
  )
  const list = markdown('{% for n in data.all %}\n- {{ n }}\n{% endfor %}', { all: [1, 2] })
  assert.equal(list.replace(/\s+/g, ''), '<ul><li>1</li><li>2</li></ul>')
})

test('division of whole numbers is whole, and other filters of Knock are there', () => {
  const shown = (body: string, data = {}) => http({ body }, data).body
  assert.equal(shown('{{ 5 | divided_by: 3 }} {{ 5.5 | divided_by: 2 }}'), '1 2.75')
  assert.equal(
    shown(
      '{{ 20 | divided_by: 8.0 }} {{ 5.0 | divided_by: 2 }} {{ "5.0" | divided_by: 2 }} {{ "5" | divided_by: "2" }}',
    ),
    '2.5 2.5 2.5 2',
  )
  assert.equal(shown('{{ -5 | divided_by: 3 }} {{ n | divided_by: m }}', { n: 7, m: 2 }), '-2 3')
  assert.equal(shown('{{ 10 | currency: "GBP", "en" }} {{ 10.99 | rounded_currency: "GBP", "en" }}'), '£10.00 £11')
  assert.equal(shown('{{ "1.0.0" | compare_versions: "2.0.0" }} {{ "ada love" | titlecase }}'), '-1 Ada Love')
  assert.equal(
    shown('{% assign a = s | from_json %}{{ a.b }} {{ x | intersect: y | join }}', { s: '{"b":2}', x: [1, 2], y: [2] }),
    '2 2',
  )
  assert.equal(shown('{{ 10000 | format_number: "en" }} {{ "a" | md5 }}'), '10,000 0cc175b9c0f1b6a831c399e269772661')
  assert.equal(shown('{{ s | url_decode }}', { s: 'a+b%2Bc%20%E2%82%AC' }), 'a b+c €')
  assert.equal(shown('{{ s | url_decode }}', { s: '5% %x %ff %E2%82' }), '5% %x %ff %E2%82')
})

test('a time is shown in the zone it is put into, with its abbreviation; in UTC, with a warning, where there is no such zone', () => {
  const at = '2030-01-31T23:30:00Z'
  const shown = (body: string) => http({ body }, { at, local: '2026-10-25T01:15:00' }).body
  assert.equal(shown('{{ at | date: "%-I:%M %p %Z", "America/New_York" }}'), '6:30 PM EST')
  assert.equal(shown('{{ at | timezone: "America/New_York" }}'), '2030-01-31T18:30:00-05:00')
  assert.equal(shown('{{ at | timezone: "America/New_York" | date: "%H:%M" }}'), '18:30')
  assert.equal(shown('{{ at | format_date_in_locale: "en-GB", "long" }}'), '31 January 2030')
  assert.equal(shown('{{ local | date: "%H:%M" }} {{ local | date_to_xmlschema }}'), '01:15 2026-10-25T01:15:00+00:00')
  const step = {
    ...base,
    channelType: 'http' as const,
    template: {
      method: 'post' as const,
      url: 'https://a.example',
      headers: [],
      queryParams: [],
      body: '{{ at | date: "%H:%M %Z", recipient.timezone }}',
    },
  }
  const scope = testScope({ data: { at }, recipient: { id: 'u', properties: { timezone: 'UTC plus 2' } } })
  const content = renderStep(step, scope)
  assert.equal((content as HttpContent).body, '23:30 UTC')
  assert.deepEqual(takeWarnings(scope), ['the time zone "UTC plus 2" is not known: UTC is shown'])
})

test('60 kB of blanks in a subject take no time', () => {
  const begun = performance.now()
  assert.equal(email({ subject: '{{ x }}' }, { x: `a${' '.repeat(60_000)}b\nc` }).subject_line.length, 60_004)
  assert.ok(performance.now() - begun < 2_000)
})

test('a value in HTML is escaped once, whether or not the author escapes it, and newlines can be kept', () => {
  const html = (text: string, x: string) => email({ body: { html: text } }, { x }).html_body
  assert.equal(html('<b title="{{ x }}">', `"<&'`), '<b title="&quot;&lt;&amp;&#39;">')
  assert.equal(html('{{ x | escape }}', '<&'), '&lt;&amp;')
  assert.equal(html('{{ x | escape_once }}', '&lt;<'), '&lt;&lt;')
  assert.equal(markdown('{{ x | escape }} {{ x | newline_to_br }}', { x: 'a&\nb' }), '<p>a&amp;\nb a&amp;<br />\nb</p>')
  assert.equal(html('{{ x | newline_to_br }}', 'a\n<b>'), 'a<br />\n&lt;b&gt;')
  assert.equal(html('{{ x | escape | newline_to_br }}', 'a\n<b>'), 'a<br />\n&lt;b&gt;')
  assert.equal(html('{{ x | raw }}', '<b>'), '<b>')
  assert.equal(html('{% echo x %}', '<b>'), '&lt;b&gt;')
})

test('a value in a subject is not escaped, and the subject is one line', () => {
  const { subject_line } = email({ subject: '{{ x }} & more ' }, { x: 'Tom\r\nBcc: eve@example.com <b>' })
  assert.equal(subject_line, 'Tom Bcc: eve@example.com <b> & more')
})

test('an e-mail of HTML is sent as it is written, and its text is made of it unless it has its own', () => {
  assert.deepEqual(email({ body: { html: '<p>Hi</p>' } }), {
    subject_line: 'Hi',
    html_body: '<p>Hi</p>',
    text_body: 'Hi\n',
  })
  assert.equal(email({ textBody: 'Hi {{ x }}' }, { x: '<Ada>' }).text_body, 'Hi <Ada>\n')
})

test('visual blocks become a document that loads nothing, and its text', () => {
  const body = {
    visualBlocks: [
      {
        type: 'markdown' as const,
        content:
          '## Hello {{ x }}\n\nSee [the docs](https://example.com/docs):\n\n- one\n- **two**\n\n> quoted\n> twice',
      },
      { type: 'divider' as const },
      { type: 'markdown' as const, content: '{% if missing %}not shown{% endif %}' },
      {
        type: 'button_set' as const,
        buttons: [{ label: 'Open "{{ x }}"', action: 'https://example.com/?a=1&b={{ x | url_encode }}' }],
      },
    ],
  }
  const { html_body, text_body } = email({ body, subject: 'About <{{ x }}>' }, { x: 'A & B' })
  assert.match(html_body, /^<!DOCTYPE html>/)
  assert.match(html_body, /<title>About &lt;A &amp; B&gt;<\/title>/)
  assert.match(html_body, /<h2[^>]*>Hello A &amp; B<\/h2>/)
  assert.match(html_body, /<a [^>]*href="https:\/\/example\.com\/\?a=1&amp;b=A\+%26\+B"[^>]*>Open "A &amp; B"<\/a>/)
  assert.doesNotMatch(html_body, /<(script|link|img)|not shown/)
  assert.equal(
    text_body,
    'Hello A & B\n\nSee the docs (https://example.com/docs):\n\n- one\n- two\n\n> quoted\n> twice\n\n---\n\nOpen "A & B": https://example.com/?a=1&b=A+%26+B\n',
  )
  assert.equal(email({ body, textBody: 'Own text' }, { x: '' }).text_body, 'Own text\n')
})

test('an image, a button and a link of a picture without an address are left out, and a warning names each', () => {
  const buttons = [
    { label: 'Open {{ x }}', action: '{{ url }}' },
    { label: 'Help', action: 'https://example.com/help' },
    { label: 'Late', action: '{{ late }}' },
  ]
  const image = { type: 'image' as const, url: '{{ url }}', alt: 'Logo', action: null, width: null }
  const visualBlocks: VisualBlock[] = [
    {
      type: 'markdown',
      content: '{% assign late = "https://example.com/late" %}![pic]({{ url }})\n\n[![in a link]({{ url }})](/a)',
    },
    { ...image, alt: 'A "logo"' },
    { type: 'row', columns: [[{ ...image, url: '' }], [{ ...image, url: 'cid:a', action: '{{ url }}' }]] },
    { type: 'button_set', buttons },
    { type: 'html', content: '<img src="{{ url }}" alt="mine"><a href="{{ url }}">mine</a>' },
  ]
  const all = (url: unknown) => {
    const scope = testScope({ data: { url, x: '<X>' } })
    const template = { subject: 'Hi', body: { visualBlocks }, textBody: null, attachmentKey: null }
    const { html_body, text_body } = render({ ...base, channelType: 'email', template }, scope) as EmailContent
    return { outline: outlineOf(html_body), text: text_body ?? '', html: html_body, warnings: takeWarnings(scope) }
  }
  const url = 'https://example.com/1 2?a&b'
  const opened = 'https://example.com/1%202?a&b'
  const there = all(url)
  assert.deepEqual(there.warnings, [
    'the image visual_blocks[2].columns[0].blocks[0] is left out, since it has no address',
  ])
  assert.deepEqual(there.outline, [
    `p img [pic](${opened})`,
    `p [img [in a link](${opened})](/a)`,
    `img [A "logo"](${opened})`,
    `[img [Logo](cid:a)](${opened})`,
    `button [Open <X>](${opened})`,
    'button [Help](https://example.com/help)',
    'button [Late](https://example.com/late)',
    `img [mine](${opened})[mine](${opened})`,
  ])
  assert.ok(
    there.text.includes(
      `A "logo"\n\nLogo (${opened})\n\nOpen <X>: ${opened}\nHelp: https://example.com/help\nLate: https`,
    ),
  )
  for (const none of ['', null, undefined, ' \n']) {
    const { outline, html, text, warnings } = all(none)
    assert.deepEqual(outline, [
      'img [Logo](cid:a)',
      'button [Help](https://example.com/help)',
      'button [Late](https://example.com/late)',
      '[mine]()',
    ])
    assert.doesNotMatch(html, /src=""|logo/)
    assert.ok(text.includes('Logo\n\nHelp: https://example.com/help\nLate: https'), text)
    assert.doesNotMatch(text, /A "logo"|Open/)
    assert.deepEqual(warnings, [
      'an image is left out, since it has no address: url',
      'the image visual_blocks[1] is left out, since it has no address: url',
      'the image visual_blocks[2].columns[0].blocks[0] is left out, since it has no address',
      'the button Open x (visual_blocks[3].buttons[0]) is left out, since it has no address: url',
      'visual_blocks has a link whose address is empty',
    ])
  }
})

test('a picture of a layout or a partial is left out where its address is empty or runs code, and its links are judged', () => {
  const library = {
    vars: {},
    layouts: {
      plain: {
        html: '<body><a href="/home"><img src="{{ vars.branding.logo_url }}" alt="logo"></a>{{ content }}</body>',
        text: null,
      },
    },
    partials: {
      card: {
        type: 'html' as const,
        content: '<a href="{{ url }}">card</a><img src="{{ url }}" alt="card">',
        lists: [],
        defaults: {},
      },
    },
  }
  const template = {
    ...{ subject: 'Hi', textBody: null, attachmentKey: null, layoutKey: 'plain' },
    body: { visualBlocks: [{ type: 'partial' as const, key: 'card', attrs: { url: '{{ url }}' } }] },
  }
  const shown = (url: string) => {
    const scope = testScope({ data: { url }, library } as never)
    const { html_body: html } = render({ ...base, channelType: 'email', template } as never, scope) as EmailContent
    return [outlineOf(html), takeWarnings(scope)]
  }
  const logo = 'an image is left out, since it has no address: vars.branding.logo_url'
  const card = 'an image is left out, since it has no address: url'
  assert.deepEqual(shown('https://a.example/1'), [
    ['[card](https://a.example/1)img [card](https://a.example/1)'],
    [logo],
  ])
  assert.deepEqual(shown('javascript:alert(1)'), [['[card](#)'], [logo, card]])
})

test('text keeps nested lists, numbers, tables and code', () => {
  const content =
    '3. three\n4. four\n   - deep\n     wide\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode <x>\n```\n\n![alt](https://example.com/x.png)\\\nend'
  assert.equal(
    email({ body: { visualBlocks: [{ type: 'markdown', content }] } }).text_body,
    '3. three\n4. four\n   - deep\n     wide\n\na | b\n1 | 2\n\ncode <x>\n\nalt\nend\n',
  )
})

test('an address that would run code is refused, wherever a client would open it', () => {
  const x = 'JavaScript:alert(1)'
  for (const address of [
    x,
    ` ${x}`,
    `\u0001${x}`,
    'java\tscript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
  ]) {
    assert.throws(() => feed({ actionUrl: '{{ x }}' }, { x: address }), fails('template.action_url', /not safe/))
  }
  const buttons = [{ label: 'Go', action: '{{ x }}' }]
  assert.throws(() => feed({ actionButtons: buttons }, { x }), fails('template.action_buttons[0].action', /not safe/))
  const body = { visualBlocks: [{ type: 'divider' as const }, { type: 'button_set' as const, buttons }] }
  assert.throws(() => email({ body }, { x }), fails('template.visual_blocks[1].buttons[0].action', /not safe/))
})

test('an e-mail with attachments says where they stand, and one that cannot be attached fails it by its place', () => {
  const attachmentKey = 'files'
  const content = Buffer.from('hello').toString('base64')
  assert.deepEqual(email({ attachmentKey }, { files: [{ name: 'a.pdf', content }] }).settings, {
    attachment_key: 'files',
  })
  assert.equal(email({ attachmentKey }, { files: [] }).settings, undefined)
  assert.equal(email({ attachmentKey }, {}).settings, undefined)
  for (const [files, reason] of [
    ['a', /data\.files must be a list/],
    [
      [
        { name: 'a', content },
        { name: 'a/b', content },
      ],
      /data\.files\[1\]\.name/,
    ],
    [[{ name: 'a', content: '%%' }], /data\.files\[0\]\.content is not base64/],
    [[{ name: 'a', content, content_type: 'text/plain\r\nX: y' }], /content_type must be a media type/],
    [[{ name: 'a', content, content_id: 'a>b' }], /content_id/],
    [[{ name: 'a', content: 'A'.repeat(10_700_000) }], /larger than 8000000 bytes/],
    [Array(21).fill({ name: 'a', content }), /more than 20/],
  ] as const)
    assert.throws(() => email({ attachmentKey }, { files }), fails('template.settings.attachment_key', reason))
})

test('addresses that a step overrides are filled in on one line, and an empty one says nothing', () => {
  const overrides = {
    from: '{{ data.from | default: "a@x.example" }}',
    cc: 'b@x.example,{{ data.cc }}',
    bcc: '{{ data.none }}',
  }
  assert.deepEqual(email({ overrides }, { cc: 'c@x.example\r\nBcc: eve@evil.example' }).settings, {
    from: 'a@x.example',
    cc: 'b@x.example,c@x.example Bcc: eve@evil.example',
  })
})

test('preview text stands hidden at the beginning of the body, escaped, or where the layout shows it', () => {
  const body = { visualBlocks: [{ type: 'markdown' as const, content: 'Body' }] }
  const { html_body } = email({ body, previewText: 'Hi {{ data.name }}' }, { name: '<b>Ada' })
  assert.match(html_body, /<body[^<>]*><div style="display:none[^"]*">Hi &lt;b&gt;Ada/)
  assert.doesNotMatch(email({ body }).html_body, /display:none/)
})

test('a request is filled in without escaping, and the json filter quotes a value', () => {
  const content = http(
    {
      method: 'put',
      url: 'https://example.com/{{ id | url_encode }}',
      headers: [{ key: 'X-Name', value: '{{ x }}' }],
      queryParams: [{ key: 'q', value: '{{ x }}' }],
      body: '{"text": {{ x | json }}, "all": {{ data | json }}}',
    },
    { id: 'a/b', x: 'say "<hi>"\n' },
  )
  assert.equal(content.url, 'https://example.com/a%2Fb')
  assert.deepEqual(content.headers, [{ key: 'X-Name', value: 'say "<hi>"' }])
  assert.deepEqual(content.query, [{ key: 'q', value: 'say "<hi>"\n' }])
  assert.deepEqual(JSON.parse(content.body!), { text: 'say "<hi>"\n', all: { id: 'a/b', x: 'say "<hi>"\n' } })
  assert.equal(content.method, 'put')
})

test('a template cannot hold up the worker: endless loops and huge results fail, naming step and field', () => {
  const loops =
    '{% for a in (1..9999) %}{% for b in (1..9999) %}{% for c in (1..9999) %}{% endfor %}{% endfor %}{% endfor %}'
  const begun = performance.now()
  assert.throws(() => feed({ markdownBody: loops }), fails('template.markdown_body', /limit exceeded/))
  assert.ok(performance.now() - begun < 30_000)
  assert.throws(
    () => feed({ markdownBody: '{% for a in (1..99999999) %}x{% endfor %}' }),
    fails('template.markdown_body', /limit exceeded/),
  )
  const big = '{% for a in (1..300) %}{{ x }}{% endfor %}'
  assert.throws(() => http({ body: big }, { x: 'x'.repeat(10_000) }), fails('template.body', /longer than 400000/))
})

test('a filter that cuts a character in half leaves text that the store can hold', () => {
  const rendered = markdown('{{ x | split: "" | first }}', { x: '🎉' })
  assert.ok(!/\p{Surrogate}/u.test(rendered))
})

test('templates see values, not what JavaScript objects inherit', () => {
  assert.equal(markdown('[{{ data.constructor.name }}{{ data.__proto__ }}]'), '<p>[]</p>')
})

test("dates are shown in UTC, whatever the host's zone, or in the zone the author names", () => {
  const body = '{{ at | date: "%Y-%m-%d %H:%M" }} {{ at | date: "%H:%M", "Asia/Tokyo" }}'
  const before = process.env['TZ']
  process.env['TZ'] = 'America/New_York'
  try {
    assert.equal(http({ body }, { at: '2030-01-31T23:30:00Z' }).body, '2030-01-31 23:30 08:30')
  } finally {
    if (before === undefined) delete process.env['TZ']
    else process.env['TZ'] = before
  }
})

test('objects are shown as JSON and pluralize picks a word', () => {
  assert.equal(http({ body: '{{ data }}' }, { a: 1 }).body, '{"a":1}')
  const body = '{{ n | pluralize: "alert", "alerts" }}'
  assert.deepEqual(
    [0, 1, 2].map((n) => http({ body }, { n }).body),
    ['alerts', 'alert', 'alerts'],
  )
})
