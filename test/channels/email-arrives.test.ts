import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simpleParser } from 'mailparser'
import { createSenders } from '../../channels/senders.ts'
import type { Channel } from '../../definitions/catalog.ts'
import type { ChannelStep } from '../../definitions/step.ts'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { HostList } from '../../settings/host-list.ts'
import { renderAt } from '../../channels/render-step.ts'
import type { EmailContent } from '../../channels/email/content.ts'
import { buildScope } from '../../templates/scope.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { smtpReceiver } from '../../testing/servers/smtp-receiver.ts'

const ID = '2aBcDeFgHiJkLmNoPqRsTuVwXyZ'
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** A whole mail, from the author's files to what a reader of mails finds at a real server. */
async function arrived(
  files: Record<string, unknown>,
  data: Record<string, unknown>,
  recipient: Record<string, unknown>,
) {
  const { definitions, channels } = await readCatalog(notificationsFolder(files))
  const { definition } = definitions.get('hello')!
  const step = definition.steps.find((each): each is ChannelStep => each.type === 'channel')!
  const scope = buildScope({
    definition,
    trigger: { workflowRunId: 'w', cancelationKey: null, acceptedAt: new Date(0), data, actor: null, tenant: null },
    recipientRunId: 'r',
    recipient: { id: 'ada', properties: recipient },
    triggerData: null,
    messageId: ID,
  })
  const channel: Channel = channels.find(({ type }) => type === 'email')!
  const smtp = await smtpReceiver()
  const senders = createSenders(
    {
      SMTP_URL: smtp.url,
      BELAY_EMAIL_FROM: 'notify@acme.example',
      BELAY_HTTP_ALLOW_PRIVATE: HostList.none,
      BELAY_PUBLIC_URL: 'https://notify.acme.example',
      BELAY_LINK_SECRET: 'a secret of more than thirty-two characters',
    },
    {},
  )
  try {
    const content = renderAt(step, scope, channel) as EmailContent
    const outgoing = {
      messageId: ID,
      recipient: { reference: 'ada', properties: recipient },
      content,
      attachments: data['files'],
    }
    const attempt = { signal: new AbortController().signal, onHandedOver: () => undefined }
    const result = await senders.email.send(outgoing, channel, attempt)
    assert.equal(result.kind, 'sent', JSON.stringify(result))
    const { raw } = smtp.mails[0]!
    return { raw, envelope: smtp.mails[0]!, parsed: await simpleParser(raw) }
  } finally {
    await senders.close()
    await smtp.close()
  }
}

const workflow = (template: object, more: object = {}) => ({
  ...{ name: 'Hello', ...more },
  steps: [{ ref: 'mail_1', type: 'channel', channel_type: 'email', channel_key: 'mail', template }],
})
const blocks = [
  { type: 'markdown', content: '# Grüße, {{ recipient.name }}\n\n**{{ data.what }}**' },
  {
    type: 'button_set',
    buttons: [{ label: 'Öffnen', action: 'https://acme.example/?q={{ data.what | url_encode }}' }],
  },
  { type: 'image', url: 'cid:logo@acme', alt: 'Acme' },
]

test('a mail keeps its dark mode, its parts, its encodings and its attachments on the way', async () => {
  const what = '<b> & "quotes" ’ 日本語 👩‍👩‍👧 ' + 'lang '.repeat(300)
  const { raw, parsed } = await arrived(
    {
      'channels.json': { mail: { type: 'email', settings: { from: '{{ data.from }} <{{ vars.sender }}>' } } },
      'vars.json': { sender: 'hello@acme.example' },
      'hello/workflow.json': workflow({
        settings: { attachment_key: 'files' },
        subject: '„{{ data.what }}“',
        visual_blocks: blocks,
      }),
    },
    {
      what,
      from: 'Ärzte, "GmbH" <evil@x.example>',
      files: [
        {
          name: 'Rechnung ä.pdf',
          content_type: 'application/pdf',
          content: Buffer.alloc(100_000, 'x').toString('base64'),
        },
        { name: 'logo.png', content_type: 'image/png', content: PIXEL, content_id: 'logo@acme' },
        { name: 'note.txt', content_type: 'text/plain', content: Buffer.from('.\r\n..\nFrom ä').toString('base64') },
      ],
    },
    { name: 'Ada', email: 'ada@example.com' },
  )
  // Every line is one that each server on the way takes: no longer than 998 bytes, and of ASCII.
  for (const line of raw.split('\r\n')) assert.ok(Buffer.byteLength(line) <= 998 && /^[\x20-\x7e\t]*$/.test(line), line)
  assert.deepEqual(parsed.from?.value, [{ name: 'Ärzte, "GmbH" <evil@x.example>', address: 'hello@acme.example' }])
  assert.equal(parsed.subject, `„${what}“`)
  const html = parsed.html as string
  assert.match(html, /<meta name="color-scheme" content="light dark">/)
  assert.match(html, /@media \(prefers-color-scheme: dark\) \{\s*\.page \{ background-color: #18181b !important; \}/)
  assert.match(html, /<td [^<>]*class="[^"]*solid/)
  assert.match(html, /<h1[^<>]*>Grüße, Ada<\/h1>/)
  assert.match(html, /&lt;b&gt; &amp; &quot;quotes&quot; ’ 日本語 👩‍👩‍👧/)
  assert.match(html, /<img src="(?:cid:logo@acme|data:)/)
  assert.match(parsed.text!, /^Grüße, Ada/)
  assert.match(parsed.text!, /Öffnen: https:\/\/acme\.example\/\?q=%3Cb%3E/)
  const found = new Map(parsed.attachments.map((each) => [each.filename, each]))
  assert.deepEqual([...found.keys()].toSorted(), ['Rechnung ä.pdf', 'logo.png', 'note.txt'].toSorted())
  assert.ok(found.get('Rechnung ä.pdf')!.content.equals(Buffer.alloc(100_000, 'x')))
  assert.equal(found.get('note.txt')!.content.toString(), '.\r\n..\nFrom ä')
  assert.deepEqual([found.get('logo.png')!.cid, found.get('logo.png')!.contentDisposition], ['logo@acme', 'inline'])
  assert.ok(found.get('logo.png')!.content.equals(Buffer.from(PIXEL, 'base64')))
  assert.equal(parsed.headers.get('x-belay-message-id'), ID)
  assert.equal(parsed.headers.has('list-unsubscribe'), false)
})

test('an author’s layout keeps its media queries, and its rules stand in the elements', async () => {
  const layout = {
    key: 'brand',
    name: 'Brand',
    html_layout: `<!DOCTYPE html><html><head><title>x</title><style>
.box { color: #112233; }
@media (prefers-color-scheme: dark) { .box { color: #eeddcc !important; } }
</style></head><body><div class="box">{{ content }}</div></body></html>`,
    text_layout: '{{ content }}\n-- \nAcme',
  }
  const { parsed } = await arrived(
    {
      'channels.json': { mail: { type: 'email' } },
      'layouts/brand/layout.json': layout,
      'hello/workflow.json': workflow({
        settings: { layout_key: 'brand' },
        subject: 'Hi',
        visual_blocks: blocks.slice(0, 1),
      }),
    },
    { what: 'x' },
    { name: 'Ada', email: 'ada@example.com' },
  )
  const html = parsed.html as string
  assert.match(html, /<div class="box" style="color: #112233;?">/)
  assert.match(html, /@media \(prefers-color-scheme: dark\) \{ \.box \{ color: #eeddcc !important; \} \}/)
  assert.match(parsed.text!, /x\n-- \nAcme/)
})

test('commercial mail says in its headers how it is left, a mail of any other kind does not', async () => {
  const template = { subject: 'News', html_body: '<p><a href="{{ vars.commercial_unsubscribe_url }}">Leave</a></p>' }
  const { parsed, raw } = await arrived(
    {
      'channels.json': { mail: { type: 'email' } },
      'hello/workflow.json': workflow(template, { settings: { is_commercial: true } }),
    },
    {},
    { email: 'ada@example.com' },
  )
  const [, url] = /^List-Unsubscribe: <(https:\/\/notify\.acme\.example\/l\/unsubscribe\/[^<>]+)>\r$/m.exec(
    raw.replace(/\r\n\s+/g, ' ').replace(/ <|> /g, (blank) => blank),
  )!
  assert.match(raw, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m)
  assert.ok((parsed.html as string).includes(`href="${url!}"`))
})
