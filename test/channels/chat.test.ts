import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { richText } from '../../channels/chat/rich-text.ts'
import { renderStep } from '../../channels/render-step.ts'
import type { ChatContent } from '../../channels/chat/content.ts'
import { sendThrough } from '../../testing/fixtures/provider.ts'
import { testScope } from '../../testing/fixtures/scope.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'

// Written from docs.slack.dev (chat.postMessage, incoming webhooks, rich_text), discord.com/developers (Execute Webhook,
// Create Message) and learn.microsoft.com (Teams webhooks).

const said = (content: string, more: Partial<ChatContent['template']> = {}): ChatContent => ({
  template: { blocks: [{ name: 'body', type: 'markdown', content }], json_content: null, summary: null, ...more },
})

async function chat(provider: string, status: number, body: string, headers: Record<string, string> = {}) {
  const server = await httpReceiver((response) => response.writeHead(status, headers).end(body))
  after(() => server.close())
  const send = (connection: object, content = said('Hi'), settings: object = {}) =>
    sendThrough({
      type: 'chat',
      provider,
      settings: { ...settings },
      content,
      channelData: { connections: [connection] },
    })
  return { server, send, webhook: { incoming_webhook: { url: `${server.url}/hook` } } }
}

test('Markdown becomes rich text in which nothing of a value is markup', () => {
  assert.deepEqual(richText('Hi **Ada**, see [it](https://acme.example) \\*not bold\\* <@U1>').elements, [
    {
      type: 'rich_text_section',
      elements: [
        { type: 'text', text: 'Hi ' },
        { type: 'text', text: 'Ada', style: { bold: true } },
        { type: 'text', text: ', see ' },
        { type: 'link', url: 'https://acme.example', text: 'it' },
        { type: 'text', text: ' *not bold* <@U1>' },
      ].flatMap((each) => (each.text === ' *not bold* <@U1>' ? textParts(' *not bold* <@U1>') : [each])),
    },
  ])
  const [list] = richText('- one\n- two\n').elements
  assert.deepEqual([list!.type, list!.elements.length], ['rich_text_list', 2])
})

/** Markdown's escapes are tokens of their own. */
function textParts(text: string) {
  const [found] = richText(text.replaceAll('*', '\\*')).elements
  const parts = found!.elements as { type: string; text: string }[]
  assert.equal(parts.map((part) => part.text).join(''), text.trim())
  return [{ ...parts[0]!, text: ` ${parts[0]!.text}` }, ...parts.slice(1)]
}

test('Slack’s bot posts blocks to the channel, with a text for notifications, and its errors say how it ended', async () => {
  const cases: [number, object, string][] = [
    [200, { ok: true, ts: '1503435956.000247' }, 'sent'],
    [200, { ok: false, error: 'channel_not_found' }, 'refused'],
    [200, { ok: false, error: 'invalid_auth' }, 'not_taken'],
    [200, { ok: false, error: 'org_login_required' }, 'not_taken'],
    [429, { ok: false, error: 'ratelimited' }, 'not_taken'],
    // "It's possible some aspect of the operation succeeded before the error was raised."
    [200, { ok: false, error: 'internal_error' }, 'unknown'],
    [500, { ok: false, error: 'fatal_error' }, 'unknown'],
  ]
  for (const [status, body, kind] of cases) {
    const { server, send } = await chat('slack', status, JSON.stringify(body), { 'retry-after': '30' })
    const settings = { access_token: 'xoxb-1', api_url: server.url }
    const result = await send({ channel_id: 'C1' }, said('Hi *there*', { summary: 'A <b> & c' }), settings)
    assert.equal(result.kind, kind, JSON.stringify(body))
    if (status === 429) assert.equal((result as { retryAfterMs?: number }).retryAfterMs, 30_000)
    const [request] = server.requests
    assert.deepEqual([request!.url, request!.headers.authorization], ['/chat.postMessage', 'Bearer xoxb-1'])
    const sent = JSON.parse(request!.body) as Record<string, unknown>
    assert.deepEqual([sent.channel, sent.text, sent.mrkdwn], ['C1', 'A &lt;b&gt; &amp; c', false])
    assert.deepEqual(sent.blocks, [richText('Hi *there*')])
  }
})

test('a webhook is posted to as it is, and json_body goes out instead of the blocks', async () => {
  const { server, send, webhook } = await chat('slack', 200, 'ok')
  const json_content = { blocks: [{ type: 'divider' }] }
  assert.equal((await send(webhook, said('', { json_content }))).kind, 'sent')
  assert.deepEqual(JSON.parse(server.requests[0]!.body), json_content)
  const gone = await chat('slack', 404, 'no_service')
  const refused = await gone.send(gone.webhook)
  assert.deepEqual([refused.kind, (refused as { reason: string }).reason], ['refused', 'answered 404 no_service'])
  assert.equal((await send({ channel_id: 'C1' })).kind, 'not_sent')
  assert.equal((await send({})).kind, 'not_sent')
})

test('Discord’s webhook is waited for and mentions nobody; its bot names the channel', async () => {
  const { server, send, webhook } = await chat('discord', 200, '{"id":"9"}')
  const result = await send(webhook, said('@everyone **hi**'))
  assert.deepEqual([result.kind, (result as { externalId?: string }).externalId], ['sent', '9'])
  assert.equal(server.requests[0]!.url, '/hook?wait=true')
  assert.deepEqual(JSON.parse(server.requests[0]!.body), {
    allowed_mentions: { parse: [] },
    content: '@everyone **hi**',
  })
  await send({ channel_id: '42' }, said('hi'), { bot_token: 'bot', api_url: server.url })
  assert.deepEqual(
    [server.requests[1]!.url, server.requests[1]!.headers.authorization],
    ['/channels/42/messages', 'Bot bot'],
  )
})

test('Teams takes an Adaptive Card', async () => {
  const { server, send, webhook } = await chat('teams', 202, '')
  assert.equal((await send(webhook, said('Hi **Ada**'))).kind, 'sent')
  const sent = JSON.parse(server.requests[0]!.body) as { type: string; attachments: { content: { body: object[] } }[] }
  assert.equal(sent.type, 'message')
  assert.deepEqual(sent.attachments[0]!.content.body, [{ type: 'TextBlock', text: 'Hi **Ada**', wrap: true }])
})

// "Microsoft Teams endpoint returned HTTP error 429" in the body of a 200: the reference's "Rate limiting for connectors".
test('what Teams refused behind a connector that answers 200 ends by the status in its words', async () => {
  const failed = 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error'
  for (const [status, kind] of [
    [429, 'not_taken'],
    [403, 'refused'],
  ] as const) {
    const { send, webhook } = await chat('teams', 200, `${failed} ${status} with ContextId tcid=0`)
    const result = await send(webhook)
    assert.equal(result.kind, kind)
    assert.match((result as { reason: string }).reason, new RegExp(`^answered ${status} .*HTTP error ${status}`))
  }
  const { send, webhook } = await chat('teams', 200, '1')
  assert.equal((await send(webhook)).kind, 'sent')
})

test('where only a bot’s token is there, Slack’s user is found by the recipient’s e-mail, once', async () => {
  const users: Record<string, object> = {
    'ada@acme.example': { ok: true, user: { id: 'W012A3CDE' } },
    'busy@acme.example': { ok: false, error: 'ratelimited' },
  }
  const server = await httpReceiver((response, { url }) => {
    const email = new URL(url, 'http://slack.invalid').searchParams.get('email')
    const lookedUp = users[email ?? ''] ?? { ok: false, error: 'users_not_found' }
    response.end(JSON.stringify(email === null ? { ok: true, ts: '1.1' } : lookedUp))
  })
  after(() => server.close())
  const settings = { access_token: 'xoxb-1', api_url: server.url }
  const send = (email: string | undefined, channelData?: Record<string, unknown>) =>
    sendThrough({
      type: 'chat',
      provider: 'slack',
      settings,
      content: said('Hi'),
      properties: { ...(email !== undefined && { email }) },
      ...(channelData !== undefined && { channelData }),
    })
  const kindOf = async (...given: Parameters<typeof send>) => {
    const result = await send(...given)
    return [result.kind, 'reason' in result ? result.reason : null, result.handedOver]
  }
  assert.deepEqual(await kindOf('ada@acme.example'), ['sent', null, true])
  assert.deepEqual(await kindOf('ada@acme.example', { connections: [{ access_token: 'xoxb-2' }] }), [
    'sent',
    null,
    true,
  ])
  assert.deepEqual(await kindOf('ada@acme.example'), ['sent', null, true])
  assert.deepEqual(
    server.requests.map(({ url, headers, body }) => [
      url,
      headers.authorization,
      body === '' ? null : (JSON.parse(body) as { channel: string }).channel,
    ]),
    [
      ['/users.lookupByEmail?email=ada%40acme.example', 'Bearer xoxb-1', null],
      ['/chat.postMessage', 'Bearer xoxb-1', 'W012A3CDE'],
      ['/users.lookupByEmail?email=ada%40acme.example', 'Bearer xoxb-2', null],
      ['/chat.postMessage', 'Bearer xoxb-2', 'W012A3CDE'],
      ['/chat.postMessage', 'Bearer xoxb-1', 'W012A3CDE'],
    ],
  )
  const unknown = 'Slack has no user with the recipient’s e-mail (users_not_found)'
  assert.deepEqual(await kindOf('eve@acme.example'), ['not_sent', unknown, false])
  assert.deepEqual((await kindOf('busy@acme.example')).slice(0, 2), [
    'not_taken',
    'users.lookupByEmail answered ratelimited',
  ])
  assert.equal((await send(undefined)).kind, 'not_sent')
})

/** A message as a step makes it of its template. */
function filled(markdownBody: string, data: Record<string, unknown>): ChatContent {
  const step = { type: 'channel' as const, ref: 'chat_1', name: 'Chat', next: null, channel: { key: 'c', id: 'c' } }
  const template = { markdownBody, jsonBody: null, summary: null }
  return renderStep({ ...step, channelType: 'chat' as const, template }, testScope({ data })) as ChatContent
}

test('what reaches each chat shows a value within code as it is, and nothing of it is markup', async () => {
  const id = 'a_b*c* [d](https://d.example)'
  const content = filled(
    'Hi **Ada**\n\nRun `{{ data.id }}`, see [it](https://a.example)\n\n- `{{ data.id }}`\n\n~~~\n{{ data.id }}\n  x\n\n~~~\n\n    {{ data.id }}\n',
    { id },
  )
  const { server, send, webhook } = await chat('slack', 200, '{"ok":true}')
  const settings = { access_token: 'xoxb-1', api_url: server.url }
  for (const connection of [webhook, { channel_id: 'C1' }]) await send(connection, content, settings)
  for (const { body } of server.requests) {
    const { blocks } = JSON.parse(body) as {
      blocks: { elements: { elements: { text: string; style?: object }[] }[] }[]
    }
    const [text, list, fence, code] = blocks[0]!.elements
    assert.deepEqual(
      text!.elements.filter(({ style }) => style !== undefined && 'code' in style).map((each) => each.text),
      [id],
    )
    assert.match(JSON.stringify(list), /a_b\*c\* \[d\]/)
    assert.deepEqual(fence!.elements, [{ type: 'text', text: `${id}\n  x` }])
    assert.deepEqual(code!.elements, [{ type: 'text', text: id }])
  }
  const discord = await chat('discord', 200, '{"id":"9"}')
  await discord.send(discord.webhook, content)
  const fenced = `\`\`\`\n${id}\n  x\n\n\`\`\`\n\n\`\`\`\n${id}\n\`\`\``
  assert.equal(
    (JSON.parse(discord.server.requests[0]!.body) as { content: string }).content,
    `Hi **Ada**\n\nRun \`${id}\`, see [it](https://a.example)\n\n- \`${id}\`\n\n${fenced}`,
  )
  const teams = await chat('teams', 202, '')
  await teams.send(teams.webhook, content)
  const card = JSON.parse(teams.server.requests[0]!.body) as { attachments: { content: { body: object[] } }[] }
  const run = { type: 'TextRun', text: id, fontType: 'Monospace' }
  const line = (text: string) => ({ type: 'RichTextBlock', inlines: [{ ...run, text }] })
  assert.deepEqual(card.attachments[0]!.content.body, [
    { type: 'TextBlock', text: 'Hi **Ada**', wrap: true },
    {
      type: 'RichTextBlock',
      inlines: [
        { type: 'TextRun', text: 'Run ' },
        run,
        { type: 'TextRun', text: ', see ' },
        { type: 'TextRun', text: 'it', selectAction: { type: 'Action.OpenUrl', url: 'https://a.example' } },
      ],
    },
    { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text: '• ' }, run] },
    line(id),
    { ...line('\u00a0 x'), spacing: 'None' },
    line(id),
  ])
})

test('to Discord, code of tildes and of indentation is code between backticks', async () => {
  const { server, send, webhook } = await chat('discord', 200, '{"id":"9"}')
  const cases = [
    ['> ~~~sh\n> {{ data.x }}\n> ~~~', '> ```sh\n> *a* ˋˋˋ\n> ```'],
    ['- a\n\n      {{ data.x }}\n- b', '- a\n\n      `*a* ˋˋˋ`\n- b'],
    ['a\n\n    b\n\n    {{ data.x }}', 'a\n\n```\nb\n\n*a* ˋˋˋ\n```'],
    ['~~~\n{{ data.x }}', '```\n*a* ˋˋˋ'],
  ] as const
  for (const [text, expected] of cases) {
    await send(webhook, filled(text, { x: '*a* ```' }))
    assert.equal((JSON.parse(server.requests.at(-1)!.body) as { content: string }).content, expected)
  }
})

test('Slack gets a picture as its text, and no link without an address', () => {
  const textsOf = (text: string, data: Record<string, unknown>) =>
    richText(filled(text, data).template.blocks[0]!.content).elements[0]!.elements as { type: string; text: string }[]
  assert.equal(
    textsOf('![{{ data.x }}](https://a.example/a.png)', { x: 'a_b' })
      .map(({ text }) => text)
      .join(''),
    'a_b',
  )
  assert.deepEqual(textsOf('[a]({{ data.x }})', {}), [{ type: 'text', text: 'a' }])
})
