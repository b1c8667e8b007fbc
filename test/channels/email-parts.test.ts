import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { simpleParser, type AddressObject } from 'mailparser'
import { createEmailSender } from '../../channels/email/smtp.ts'
import type { Outgoing } from '../../channels/sender.ts'
import type { EmailContent } from '../../channels/email/content.ts'
import { smtpReceiver, type SmtpReceiver } from '../../testing/servers/smtp-receiver.ts'

let smtp: SmtpReceiver
before(async () => (smtp = await smtpReceiver()))
after(() => smtp.close())

type Given = Partial<Omit<EmailContent, 'settings'>> & { settings?: EmailContent['settings']; attachments?: unknown }

/** Sends one mail and answers how it ended, and the mail as a reader of mails finds it. */
async function sent({ attachments, ...content }: Given, channelSettings: Record<string, unknown> = {}) {
  const sender = createEmailSender({ SMTP_URL: smtp.url, BELAY_EMAIL_FROM: 'Acme <notify@acme.example>' }, {})
  const message: Outgoing<EmailContent> = {
    messageId: '2aBcDeFgHiJkLmNoPqRsTuVwXyZ',
    recipient: { reference: 'u1', properties: { email: 'ada@example.com', name: 'Ada' } },
    content: { subject_line: 'Hi', html_body: '<p>Hi</p>', text_body: 'Hi', ...content },
    attachments,
  }
  const channel = { key: 'mail', id: 'c', type: 'email', name: 'Mail', provider: 'smtp', settings: channelSettings }
  const seen = smtp.mails.length
  try {
    const attempt = { signal: new AbortController().signal, onHandedOver: () => undefined }
    const result = await sender.send(message, channel as never, attempt)
    const mail = smtp.mails[seen]
    return { result, mail, parsed: mail === undefined ? undefined : await simpleParser(mail.raw) }
  } finally {
    await sender.close()
  }
}

const addresses = (header: AddressObject | AddressObject[] | undefined) =>
  [header ?? []].flat().flatMap(({ value }) => value.map(({ address, name }) => `${name}|${address}`))

test('the step’s addresses come before the channel’s, and a blind copy stands in no header', async () => {
  const settings = {
    from: 'ceo@acme.example',
    from_name: 'Über, "Ada"',
    to: 'Bo <bo@example.com>, cy@example.com, BO@example.com',
    bcc: 'audit@example.com',
    reply_to: 'help@acme.example, more@acme.example',
  }
  const channel = { from: 'x@acme.example', cc: 'cc@example.com', bcc: 'no@example.com', to: 'nobody@example.com' }
  const { result, mail, parsed } = await sent({ settings }, channel)
  assert.deepEqual(mail!.to, ['BO@example.com', 'cy@example.com', 'cc@example.com', 'audit@example.com'])
  assert.equal(mail!.from, 'ceo@acme.example')
  assert.deepEqual(addresses(parsed!.from), ['Über, "Ada"|ceo@acme.example'])
  assert.deepEqual(addresses(parsed!.to), ['|BO@example.com', '|cy@example.com'])
  assert.deepEqual(addresses(parsed!.cc), ['|cc@example.com'])
  assert.deepEqual(addresses(parsed!.replyTo), ['|help@acme.example', '|more@acme.example'])
  assert.doesNotMatch(mail!.raw, /audit@example/)
  assert.deepEqual(result.filled, {
    to: 'BO@example.com, cy@example.com',
    from: 'ceo@acme.example',
    reply_to: 'help@acme.example, more@acme.example',
    cc: 'cc@example.com',
    bcc: 'audit@example.com',
  })
})

test('a channel’s address that is Liquid is the message’s own; what came out empty falls back', async () => {
  const channel = { from: '{{ tenant.from }}', from_name: 'Acme, Inc.', to: '{{ data.to }}', cc: '{{ data.cc }}' }
  const filled = await sent({ settings: { from: 'a@acme.example', cc: 'cc@example.com' } }, channel)
  assert.deepEqual(addresses(filled.parsed!.from), ['Acme, Inc.|a@acme.example'])
  assert.deepEqual(filled.mail!.to, ['ada@example.com', 'cc@example.com'])
  const empty = await sent({}, channel)
  assert.deepEqual(addresses(empty.parsed!.from), ['Acme, Inc.|notify@acme.example'])
  assert.deepEqual(empty.mail!.to, ['ada@example.com'])
})

test('a list with an address that is none, and one that is too long, are named, and nothing is sent', async () => {
  const many = Array.from({ length: 51 }, (_each, index) => `a${index}@example.com`).join(', ')
  for (const [settings, reason] of [
    [{ cc: 'a@example.com, nobody' }, /^cc must be addresses/],
    [{ to: ', ,' }, /^to must be addresses/],
    [{ from: 'a@example.com, b@example.com' }, /^from must be one address/],
    [{ to: many }, /more than 50 addresses/],
  ] as const) {
    const { result, mail } = await sent({ settings })
    assert.equal(result.kind, 'not_sent')
    assert.match('reason' in result ? result.reason : '', reason)
    assert.equal(mail, undefined)
  }
})

test('attachments arrive byte for byte, beside the text or shown in the HTML', async () => {
  const bytes = Buffer.from(Array.from({ length: 5_000 }, (_each, index) => (index * 7) % 256))
  const { mail, parsed } = await sent({
    html_body: '<p>Look: <img src="cid:logo@acme"></p>',
    settings: { attachment_key: 'files' },
    attachments: [
      { name: 'Übersicht, "final".pdf', content_type: 'application/pdf', content: bytes.toString('base64') },
      { name: 'logo.png', content_type: 'image/png', content: 'iVBORw0KGgo=', content_id: 'logo@acme' },
    ],
  })
  const [image, pdf] = parsed!.attachments.toSorted((a, b) => a.size - b.size)
  assert.deepEqual([pdf!.filename, pdf!.contentType], ['Übersicht, "final".pdf', 'application/pdf'])
  assert.ok(pdf!.content.equals(bytes))
  assert.deepEqual([image!.cid, image!.contentType, image!.related], ['logo@acme', 'image/png', true])
  assert.equal(parsed!.text?.trim(), 'Hi')
  assert.match(mail!.raw, /^Content-Type: multipart\/mixed/m)
})

test('attachments that are not in the data any more stop the mail', async () => {
  const { result } = await sent({ settings: { attachment_key: 'files' } })
  assert.deepEqual(
    [result.kind, 'reason' in result && result.reason],
    ['not_sent', 'data.files holds the attachments no more'],
  )
})

test('long lines, other scripts and dots at the beginning of a line survive the way', async () => {
  const text = `.\n..two\n${'ö'.repeat(2_000)}\nعربى 日本語 👩‍👩‍👧\nFrom here`
  const { parsed } = await sent({
    subject_line: `${'Ünï '.repeat(60)}ende`,
    text_body: text,
    html_body: `<p>${'ß'.repeat(3_000)}</p>`,
  })
  assert.equal(parsed!.text, text)
  assert.equal(parsed!.subject, `${'Ünï '.repeat(60)}ende`)
  assert.equal((parsed!.html as string).trim(), `<p>${'ß'.repeat(3_000)}</p>`)
})
