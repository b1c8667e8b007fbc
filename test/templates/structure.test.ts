import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { simpleParser } from 'mailparser'
import { compose } from '../../channels/email/compose.ts'
import { letterheadOf } from '../../channels/email/letterhead.ts'
import { richText } from '../../channels/chat/rich-text.ts'
import type { VisualBlock } from '../../channels/email/visual-block.ts'
import type { ChatContent } from '../../channels/chat/content.ts'
import type { EmailContent } from '../../channels/email/content.ts'
import type { FeedContent } from '../../channels/in-app-feed/content.ts'
import type { PushContent } from '../../channels/push/content.ts'
import type { SmsContent } from '../../channels/sms/content.ts'
import { renderStep } from '../../channels/render-step.ts'
import { attributesOf, structureOf } from '../../testing/fixtures/elements.ts'
import { testScope } from '../../testing/fixtures/scope.ts'

const base = { type: 'channel' as const, ref: 'step_1', name: 'Step', next: null, channel: { key: 'c', id: 'c' } }
const markdown =
  '# {{ x }}\n\n{{ x }}\n\n- **{{ x }}** and _{{ x }}_ `{{ x }}`\n- [go](https://a.example/{{ x }} "{{ x }}")\n\n> {{ x }}\n\n' +
  '{% if x %}\n{{ x }}\n{% else %}\n{{ x }}\n{% endif %}\n\n| a | b |\n|---|---|\n| {{ x }} | 2 |\n\n<b title="{{ x }}">{{ x }}</b>'
const HREF = 'https://a.example/?q={{ x | url_encode }}'
const button = { label: '{{ x }}', action: HREF }
const look = { size: 'sm', fullWidth: true, textColor: null, borderColor: null, borderWidth: 2, radius: 4 } as const
const blocks: Record<string, VisualBlock> = {
  markdown: { type: 'markdown', content: markdown },
  html: { type: 'html', content: '<p title="{{ x }}">{{ x }}</p><a href="https://a.example/{{ x }}">{{ x }}</a>' },
  button_set: {
    type: 'button_set',
    buttons: [button, { ...button, look: { ...look, variant: 'outline', backgroundColor: 'primary_color' } }],
  },
  divider: { type: 'divider' },
  image: { type: 'image', url: 'https://a.example/{{ x }}.png', alt: '{{ x }}', action: HREF, width: '50%' },
  partial: { type: 'partial', key: 'card', attrs: { title: '{{ x }}' } },
  row: {
    type: 'row',
    columns: [[{ type: 'markdown', content: '**{{ x }}**' }], [{ type: 'button_set', buttons: [button] }]],
  },
}
const library = {
  vars: {},
  partials: {
    card: { type: 'html' as const, content: '<h3 id="{{ title }}">{{ title }}</h3>', lists: [], defaults: {} },
  },
}
const email = (visualBlocks: VisualBlock[]) => ({
  ...base,
  channelType: 'email' as const,
  template: {
    subject: '{{ x }}',
    body: { visualBlocks },
    textBody: null,
    attachmentKey: null,
    previewText: '{{ x }}',
    overrides: { fromName: '{{ x }}' },
  },
})
/** The value stands in the data, in everybody's name, and in the tenant's branding. */
const scope = (x: string) => {
  const branding = { primary_color: x, primary_color_contrast: x }
  return testScope({
    data: { x },
    recipient: { id: 'u', properties: { name: x } },
    tenant: { id: 't', properties: { settings: { branding } } },
    library,
  })
}

const markup = fc.constantFrom(
  ...[
    '<b>',
    '</td>',
    '</style>',
    '"',
    "'",
    '> ',
    '# ',
    '---',
    '===',
    '\n',
    '\r\n',
    '\n\n',
    '    ',
    '\t',
    '](',
    '[',
    '**',
  ],
  ...[
    '`',
    '```',
    '{{ x }}',
    '{% if %}',
    '<!--',
    '-->',
    '&lt;',
    '&#10;',
    '|',
    '- ',
    '1. ',
    '+ ',
    ';',
    'url(',
    '\\',
    '![',
  ],
  ...[
    'javascript:',
    '<script>',
    '\ufdd0' + '0\ufdd2',
    'Bcc: eve@evil.example',
    '\u2028',
    '\0',
    '://',
    '//evil.example',
  ],
)
const value = fc
  .array(fc.oneof(markup, fc.string({ unit: 'grapheme', maxLength: 5 })), { minLength: 1, maxLength: 12 })
  .map((parts) => parts.join(''))
const runs = { numRuns: 100 }

const wellFormed = (x: string) => x.replace(/\p{Surrogate}/gu, '\ufffd')

/** As a value is shown: what Postgres cannot hold is replaced. */
const shownAs = (x: string) => x.replace(/[\0\p{Surrogate}]/gu, '\ufffd')

for (const [type, block] of Object.entries(blocks)) {
  test(`no value changes the elements of an e-mail with a block ${type}, or leads a link elsewhere`, () => {
    const htmlOf = (x: string) => (renderStep(email([block]), scope(x)) as EmailContent).html_body
    const elements = structureOf(htmlOf('x'))
    assert.ok(elements.length > 15)
    const links = attributesOf(htmlOf('x'), 'href').length + attributesOf(htmlOf('x'), 'src').length
    fc.assert(
      fc.property(value, (x) => {
        const html = htmlOf(x)
        assert.deepEqual(structureOf(html), elements)
        const addresses = [...attributesOf(html, 'href'), ...attributesOf(html, 'src')]
        assert.equal(addresses.length, links)
        for (const address of addresses) {
          const url = new URL(address)
          assert.equal(url.host, 'a.example', address)
          if (address.includes('?q=') && type !== 'markdown' && type !== 'html')
            assert.equal(url.searchParams.get('q'), wellFormed(x))
        }
      }),
      runs,
    )
  })
}

test('no value changes the elements of a feed card, or leads its link elsewhere', () => {
  const feed = {
    ...base,
    channelType: 'in_app_feed' as const,
    template: { markdownBody: markdown, actionUrl: 'https://a.example/{{ x }}', actionButtons: [] },
  }
  const cardOf = (x: string) => {
    const [body, action] = (renderStep(feed, scope(x)) as FeedContent).blocks as { rendered: string }[]
    return { html: body!.rendered, url: action!.rendered }
  }
  const elements = structureOf(cardOf('x').html)
  assert.ok(elements.length > 15)
  fc.assert(
    fc.property(value, (x) => {
      const { html, url } = cardOf(x)
      assert.deepEqual(structureOf(html), elements)
      assert.equal(new URL(url).host, 'a.example')
    }),
    runs,
  )
})

test('no value leaves the subject or forges a header of the mail as it goes out', async () => {
  const step = email([blocks['markdown']!])
  const sent = async (x: string) => {
    const content = renderStep(step, scope(x)) as EmailContent
    const properties = { email: 'ada@acme.example', name: x }
    const outgoing = { messageId: 'm', recipient: { reference: 'u', properties }, content }
    const letterhead = letterheadOf(outgoing, { key: 'mail' }, 'Acme <hi@acme.example>')
    const mail = await compose('m', letterhead, content, { attachments: [], headers: {} })
    return { mail, content, parsed: await simpleParser(mail.raw) }
  }
  const headers = [...(await sent('x')).parsed.headers.keys()].sort()
  await fc.assert(
    fc.asyncProperty(value, async (x) => {
      const { mail, content, parsed } = await sent(x)
      assert.doesNotMatch(content.subject_line, /[\r\n]/)
      assert.deepEqual(
        [...parsed.headers.keys()].filter((name) => name !== 'subject').sort(),
        headers.filter((name) => name !== 'subject'),
      )
      assert.deepEqual(mail.to, ['ada@acme.example'])
      assert.equal(mail.from, 'hi@acme.example')
      assert.deepEqual(
        parsed.from?.value.map(({ address }) => address),
        ['hi@acme.example'],
      )
      assert.deepEqual(
        [parsed.to].flat().flatMap((list) => list!.value.map(({ address }) => address)),
        ['ada@acme.example'],
      )
    }),
    runs,
  )
})

test('an SMS and a push hold a value as it is, and their overrides keep their names', () => {
  const payloadOverrides = '{"a": {{ x | json }}, "b": {"c": {{ recipient.name | json }}}}'
  const sms = {
    ...base,
    channelType: 'sms' as const,
    template: { textBody: 'Hi {{ x }}!', toNumber: null, payloadOverrides },
  }
  const push = {
    ...base,
    channelType: 'push' as const,
    template: { title: '{{ x }}', textBody: 'Hi {{ x }}!', deliveryType: 'content' as const, payloadOverrides },
  }
  fc.assert(
    fc.property(value, (x) => {
      const [text, pushed] = [renderStep(sms, scope(x)) as SmsContent, renderStep(push, scope(x)) as PushContent]
      assert.equal(text.body, `Hi ${shownAs(x)}!`)
      assert.equal(pushed.body, `Hi ${shownAs(x)}!`)
      assert.doesNotMatch(pushed.title, /[\r\n]/)
      for (const { payload_overrides: laid } of [text, pushed]) {
        assert.deepEqual(Object.keys(laid!), ['a', 'b'])
        assert.equal(shownAs(laid!['a'] as string), shownAs(x))
      }
    }),
    runs,
  )
})

test('no value makes a link, a list, a heading, a mention or emphasis in a chat message', () => {
  const chat = {
    ...base,
    channelType: 'chat' as const,
    template: {
      markdownBody:
        '**{{ x }}** says\n\n{{ x }}\n\n- {{ x }} one\n- [go](https://a.example/?q={{ x | url_encode }})\n\n> {{ x }}\n\nend',
      jsonBody: null,
      summary: null,
    },
  }
  interface Part {
    type: string
    text?: string
    url?: string
    style?: object
    elements?: Part[]
  }
  /** Kinds and styles in their order; texts of one kind that follow each other are one. */
  const shapeOf = ({ type, style, elements }: Part): unknown => {
    const inner = (elements ?? []).map(shapeOf).map((each) => JSON.stringify(each))
    return [type, style ?? null, inner.filter((each, index) => each !== inner[index - 1])]
  }
  const linksIn = ({ url, elements }: Part): string[] => [
    ...(url === undefined ? [] : [url]),
    ...(elements ?? []).flatMap(linksIn),
  ]
  const messageOf = (x: string) =>
    richText((renderStep(chat, scope(x)) as ChatContent).template.blocks[0]!.content) as Part
  const shape = shapeOf(messageOf('x'))
  // Emphasis cannot begin or end at a blank: a value of blanks alone is the author's to guard.
  fc.assert(
    fc.property(
      value.map((x) => `x${x}x`),
      (x) => {
        assert.deepEqual(shapeOf(messageOf(x)), shape)
        for (const link of linksIn(messageOf(x))) assert.equal(new URL(link).searchParams.get('q'), wellFormed(x))
      },
    ),
    runs,
  )
})

test('a template reaches nobody else: neither another recipient, nor the process, nor what JavaScript hides', () => {
  const secrets = ['bob-secret', 'proto', 'native code', 'function']
  const all = testScope({ data: { x: 1 }, recipient: { id: 'ada', properties: { name: 'Ada' } } })
  testScope({ recipient: { id: 'bob', properties: { name: 'bob-secret' } } })
  const roots = [
    'recipient',
    'actor',
    'tenant',
    'data',
    'vars',
    'workflow',
    'activities',
    'process',
    'global',
    'this',
    'globals',
  ]
  const names = [
    'constructor',
    '__proto__',
    'prototype',
    'toString',
    'env',
    'scopes',
    'environments',
    'mainModule',
    'name',
  ]
  fc.assert(
    fc.property(
      fc.constantFrom(...roots),
      fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 4 }),
      (root, path) => {
        const dotted = [root, ...path].join('.')
        const looked = `${root}${path.map((name) => `["${name}"]`).join('')}`
        const step = {
          ...base,
          channelType: 'sms' as const,
          template: {
            textBody: `[{{ ${dotted} | json }}{{ ${looked} | json }}]`,
            toNumber: null,
            payloadOverrides: null,
          },
        }
        const { body } = renderStep(step, all) as SmsContent
        for (const secret of secrets) assert.ok(!body.includes(secret), body)
      },
    ),
    { numRuns: 300 },
  )
})
