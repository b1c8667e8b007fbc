import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { after, test } from 'node:test'
import type { SMTPServerOptions } from 'smtp-server'
import type { Outgoing } from '../../channels/sender.ts'
import { createEmailSender, type EmailDefaults } from '../../channels/email/smtp.ts'
import type { EmailContent } from '../../channels/email/content.ts'
import type { Channel } from '../../definitions/catalog.ts'
import { smtpReceiver, smtpReply, type SmtpReceiver } from '../../testing/servers/smtp-receiver.ts'

const MESSAGE_ID = '2aBcDeFgHiJkLmNoPqRsTuVwXyZ'
const FROM = 'Acme <notify@acme.example>'
const never = new AbortController().signal

function channel(settings: Record<string, unknown> = {}): Channel {
  return {
    key: 'mail',
    id: '9c1d2f0a-4d52-5d6e-8a43-0f7f4a0d7c11',
    type: 'email',
    name: 'Mail',
    provider: 'smtp',
    settings,
  }
}

function email(properties: Record<string, unknown>, content: Partial<EmailContent> = {}): Outgoing<EmailContent> {
  return {
    messageId: MESSAGE_ID,
    recipient: { reference: 'u1', properties },
    content: { subject_line: 'You are invited', html_body: '<p>Hello</p>', text_body: 'Hello', ...content },
  }
}

const ada = email({ name: 'Ada Lovelace', email: 'ada@example.com' })

/** Sends through a sender of its own, closed when the tests are through. */
function sendWith(defaults: EmailDefaults, env: NodeJS.ProcessEnv = {}) {
  const sender = createEmailSender(defaults, env)
  after(() => sender.close())
  return (message: Outgoing<EmailContent>, to: Channel = channel(), signal = never) =>
    sender.send(message, to, { signal, onHandedOver: () => undefined })
}

async function receiver(options?: SMTPServerOptions): Promise<SmtpReceiver> {
  const started = await smtpReceiver(options)
  after(() => started.close())
  return started
}

test('an e-mail goes out with both parts, and its Message-ID is the same at every attempt, over one connection', async () => {
  const smtp = await receiver()
  const send = sendWith({ SMTP_URL: smtp.url, BELAY_EMAIL_FROM: FROM })
  const filled = { to: 'ada@example.com', from: 'notify@acme.example', reply_to: null }
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    const result = await send(ada)
    assert.deepEqual(result, { kind: 'sent', externalId: '250 queued as 4F2A', filled })
  }
  assert.equal(smtp.connections, 1)
  for (const mail of smtp.mails) {
    assert.deepEqual([mail.from, mail.to], ['notify@acme.example', ['ada@example.com']])
    assert.match(mail.raw, /^Message-ID: <2aBcDeFgHiJkLmNoPqRsTuVwXyZ@acme\.example>\r$/m)
    assert.match(mail.raw, /^X-Belay-Message-ID: 2aBcDeFgHiJkLmNoPqRsTuVwXyZ\r$/m)
    assert.match(mail.raw, /^From: Acme <notify@acme\.example>\r$/m)
    assert.match(mail.raw, /^To: Ada Lovelace <ada@example\.com>\r$/m)
    assert.match(mail.raw, /^Subject: You are invited\r$/m)
    assert.match(mail.raw, /^Content-Type: text\/plain/m)
    assert.match(mail.raw, /^Content-Type: text\/html/m)
  }
})

test('a channel’s own server and sender come first, and $NAME is read from the environment', async () => {
  const own = await receiver()
  const send = sendWith({ SMTP_URL: 'smtp://127.0.0.1:1', BELAY_EMAIL_FROM: FROM }, { MAIL_URL: own.url })
  const settings = { smtp_url: '$MAIL_URL', from: 'team@acme.example', reply_to: 'Help <help@acme.example>' }
  const result = await send(ada, channel(settings))
  assert.deepEqual(result.filled, { to: 'ada@example.com', from: 'team@acme.example', reply_to: 'help@acme.example' })
  assert.equal(own.mails[0]!.from, 'team@acme.example')
  assert.match(own.mails[0]!.raw, /^Reply-To: Help <help@acme\.example>\r$/m)
})

test('what is missing is named, and nothing is sent', async () => {
  const smtp = await receiver()
  const complete = { SMTP_URL: smtp.url, BELAY_EMAIL_FROM: FROM }
  const cases: [RegExp, EmailDefaults, Outgoing<EmailContent>, Channel][] = [
    [/SMTP_URL/, { BELAY_EMAIL_FROM: FROM }, ada, channel()],
    [/BELAY_EMAIL_FROM/, { SMTP_URL: smtp.url }, ada, channel()],
    [/from must be one address/, { SMTP_URL: smtp.url, BELAY_EMAIL_FROM: 'a@b.example, c@d.example' }, ada, channel()],
    [/environment variable MAIL_URL is not set/, complete, ada, channel({ smtp_url: '$MAIL_URL' })],
    [/smtp_url must be smtp:/, complete, ada, channel({ smtp_url: 'http://mail.example' })],
    ...['a@x.example Bcc: b@x.example', 'Team: a@x.example, b@x.example;'].map(
      (cc): [RegExp, EmailDefaults, Outgoing<EmailContent>, Channel] => [
        /^cc must be addresses/,
        complete,
        email({ email: 'ada@example.com' }, { settings: { cc } }),
        channel(),
      ],
    ),
    [/the recipient has no email/, complete, email({ name: 'Ada' }), channel()],
    ...[
      7,
      'ada',
      'ada@',
      'a@b.example,c@d.example',
      'ada@example.com\r\nRCPT TO:<eve@evil.example>',
      '<ada@example.com>',
      'ada\u202e@example.com',
      'ada@exam\u2066ple.com',
    ].map((address): [RegExp, EmailDefaults, Outgoing<EmailContent>, Channel] => [
      /email is not an address/,
      complete,
      email({ email: address }),
      channel(),
    ]),
  ]
  for (const [reason, defaults, message, to] of cases) {
    const result = await sendWith(defaults)(message, to)
    assert.equal(result.kind, 'not_sent')
    assert.match((result as { reason: string }).reason, reason)
  }
  assert.equal(smtp.connections, 0)
})

test('a line break in a name or a subject adds neither a header nor a recipient', async () => {
  const smtp = await receiver()
  const send = sendWith({ SMTP_URL: smtp.url, BELAY_EMAIL_FROM: FROM })
  const name = 'Ada\r\nBcc: eve@evil.example\r\n\r\n<eve@evil.example>, "'
  const subject = 'Hi\r\nX-Injected: yes\n\nbody'
  const result = await send(email({ name, email: "o'hara@example.com" }, { subject_line: subject }))
  assert.equal(result.kind, 'sent')
  const [mail] = smtp.mails
  assert.deepEqual(mail!.to, ["o'hara@example.com"])
  assert.doesNotMatch(mail!.raw, /^(Bcc|X-Injected):/im)
  // Nor where a reader decodes them.
  assert.doesNotMatch(mail!.raw, /=0[AD]/)
})

test('a refusal for good is refused, one for now is not taken, each with the server’s own words', async () => {
  const refuseRecipient = (code: number): SMTPServerOptions => ({
    onRcptTo: (_address, _session, done) => done(smtpReply(code, 'no such mailbox')),
  })
  const refuseMail = (code: number): SMTPServerOptions => ({
    onMailFrom: (_address, _session, done) => done(smtpReply(code, 'authentication required')),
  })
  const refuseData: SMTPServerOptions = {
    onData(stream, _session, done) {
      stream.resume().on('end', () => done(smtpReply(554, 'looks like spam')))
    },
  }
  const refuseLogin: SMTPServerOptions = {
    allowInsecureAuth: true,
    onAuth: (_auth, _session, done) => done(smtpReply(535, 'bad login')),
  }
  const cases: [SMTPServerOptions, string, RegExp][] = [
    [refuseRecipient(550), 'refused', /^550 no such mailbox/],
    [refuseRecipient(450), 'not_taken', /^450 no such mailbox/],
    [refuseMail(530), 'not_taken', /^530 authentication required/],
    [refuseData, 'refused', /^554 looks like spam/],
    [refuseLogin, 'not_taken', /^535 bad login/],
    [
      { onConnect: (_session, done) => done(smtpReply(554, 'you are on a list')) },
      'not_taken',
      /^554 you are on a list/,
    ],
  ]
  for (const [options, kind, reason] of cases) {
    const smtp = await receiver(options)
    const url = options.onAuth === undefined ? smtp.url : smtp.url.replace('//', '//user:wrong@')
    const result = await sendWith({ SMTP_URL: url, BELAY_EMAIL_FROM: FROM })(ada)
    assert.equal(result.kind, kind)
    assert.match((result as { reason: string }).reason, reason)
  }
})

test('a refused recipient leaves the connection to the next message', async () => {
  const smtp = await receiver({
    onRcptTo: ({ address }, _session, done) => done(address.startsWith('eve') ? smtpReply(550, 'no') : null),
  })
  const send = sendWith({ SMTP_URL: smtp.url, BELAY_EMAIL_FROM: FROM })
  assert.equal((await send(email({ email: 'eve@example.com' }))).kind, 'refused')
  assert.equal((await send(ada)).kind, 'sent')
  assert.equal(smtp.mails.length, 1)
})

test('of several addresses those that were refused are told, and a mail that missed whom it is for is refused', async () => {
  const smtp = await receiver({
    onRcptTo: ({ address }, _session, done) =>
      done(address.startsWith('eve') ? smtpReply(550, 'no such mailbox') : null),
  })
  const send = sendWith({ SMTP_URL: smtp.url, BELAY_EMAIL_FROM: FROM })
  const copied = (settings: object) => channel({ cc: 'eve@bücher.example, bob@example.com', ...settings })
  const taken = await send(ada, copied({}))
  assert.equal(taken.kind, 'sent')
  assert.equal(taken.filled!['refused'], 'eve@xn--bcher-kva.example: 550 no such mailbox')
  const missed = await send(email({ email: 'eve@bücher.example' }), channel({ bcc: 'bob@example.com' }))
  assert.equal(missed.kind, 'refused')
  assert.match(
    (missed as { reason: string }).reason,
    /^copies alone were taken; eve@xn--bcher-kva\.example: 550 no such/,
  )
})

test('a channel has as many connections as sends at once, also after another opened fewer to the same server', async () => {
  const waiting: (() => void)[] = []
  const all = new EventEmitter()
  const smtp = await receiver({
    maxClients: 40,
    onRcptTo(_address, _session, done) {
      waiting.push(done)
      all.emit(String(waiting.length))
    },
  })
  const send = sendWith({ SMTP_URL: smtp.url, BELAY_EMAIL_FROM: FROM })
  const one = once(all, '1')
  const first = send(ada)
  await one
  const many = once(all, '13')
  const others = Array.from({ length: 12 }, () => send(ada, channel({ concurrency: 12 })))
  await many
  for (const done of waiting) done()
  assert.ok((await Promise.all([first, ...others])).every(({ kind }) => kind === 'sent'))
})

test('a server that is not there is tried again', async () => {
  const smtp = await smtpReceiver()
  await smtp.close()
  const result = await sendWith({ SMTP_URL: smtp.url, BELAY_EMAIL_FROM: FROM })(ada)
  assert.equal(result.kind, 'not_taken')
  assert.match((result as { reason: string }).reason, /ECONNREFUSED/)
})

test('an aborted send ends at once, and the next one is served', async () => {
  const server = new EventEmitter()
  let stall = true
  const smtp = await receiver({
    onRcptTo(_address, _session, done) {
      if (stall) server.emit('stalled')
      else done()
    },
  })
  const send = sendWith({ SMTP_URL: smtp.url, BELAY_EMAIL_FROM: FROM })
  const controller = new AbortController()
  const stalled = once(server, 'stalled')
  const sending = send(ada, channel(), controller.signal)
  await stalled
  controller.abort()
  assert.equal((await sending).kind, 'not_taken')
  stall = false
  assert.equal((await send(ada)).kind, 'sent')
})
