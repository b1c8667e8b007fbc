import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Channel } from '../../definitions/catalog.ts'
import type { Outgoing } from '../../channels/sender.ts'
import type { EmailContent } from '../../channels/email/content.ts'
import { createEmailSender } from '../../channels/email/smtp.ts'
import { SMTP_LIMITS, type SmtpLimits } from '../../channels/email/smtp-limits.ts'
import { until } from '../../testing/fixtures/until.ts'
import { smtpRelay, type RelayScript } from '../../testing/servers/smtp-relay.ts'

const channel: Channel = {
  key: 'mail',
  id: '9c1d2f0a-4d52-5d6e-8a43-0f7f4a0d7c11',
  type: 'email',
  name: 'Mail',
  provider: 'smtp',
  settings: {},
}

function email(address = 'ada@example.com', text = 'Hello'): Outgoing<EmailContent> {
  return {
    messageId: '2aBcDeFgHiJkLmNoPqRsTuVwXyZ',
    recipient: { reference: 'u1', properties: { email: address } },
    content: { subject_line: 'You are invited', html_body: '<p>Hello</p>', text_body: text },
  }
}

/** Short enough that a stage which says nothing is over soon, long enough that one which answers is not. */
const SHORT: SmtpLimits = { ...SMTP_LIMITS, greeting: 3_000, login: 3_000, command: 3_000, answer: 3_000 }

/** A relay that follows `script`, and a sender to it; `handedOver` counts what it was told. */
async function to(script: RelayScript, limits: SmtpLimits = SMTP_LIMITS) {
  const relay = await smtpRelay(script)
  const sender = createEmailSender({ SMTP_URL: relay.url, BELAY_EMAIL_FROM: 'notify@acme.example' }, {}, limits)
  after(async () => {
    await sender.close()
    await relay.close()
  })
  const counted = { handedOver: 0 }
  const send = (message = email(), signal = new AbortController().signal) =>
    sender.send(message, channel, { signal, onHandedOver: () => (counted.handedOver += 1) })
  return { relay, send, counted, timeoutMs: sender.timeoutMs }
}

test('each stage that refuses, hangs up or says nothing says whether the server took the message', async () => {
  const busy = { say: '451 try later' }
  const no = { say: '550 never' }
  const cases: [string, RelayScript, string, RegExp, number][] = [
    ['greeting 421', { greeting: { say: '421 too busy' } }, 'not_taken', /^421 too busy/, 0],
    ['greeting 554', { greeting: { say: '554 no service' } }, 'not_taken', /^554 no service/, 0],
    ['greeting hang up', { greeting: 'hang up' }, 'not_taken', /closed|ECONNRESET/, 0],
    ['greeting silent', { greeting: 'say nothing' }, 'not_taken', /sent no greeting; .* needs smtps/, 0],
    ['mail 4xx', { mail: busy }, 'not_taken', /^451 try later/, 0],
    ['mail 5xx', { mail: no }, 'refused', /^550 never/, 0],
    ['mail garbage', { mail: { say: 'banana' } }, 'not_taken', /^banana/, 0],
    ['mail hang up', { mail: 'hang up' }, 'not_taken', /closed|ECONNRESET/, 0],
    ['rcpt 4xx', { rcpt: busy }, 'not_taken', /^451 try later/, 0],
    ['rcpt 5xx', { rcpt: no }, 'refused', /^550 never/, 0],
    ['rcpt silent', { rcpt: 'say nothing' }, 'not_taken', /no answer within 3 s/, 0],
    ['data 4xx', { data: busy }, 'not_taken', /^451 try later/, 0],
    ['data 5xx', { data: no }, 'refused', /^550 never/, 0],
    ['data garbage', { data: { say: 'banana' } }, 'not_taken', /^banana/, 0],
    ['data hang up', { data: 'hang up' }, 'not_taken', /closed|ECONNRESET/, 0],
    ['dot 4xx', { dot: [busy] }, 'not_taken', /^451 try later/, 1],
    ['dot 5xx', { dot: [no] }, 'refused', /^550 never/, 1],
    ['dot 421', { dot: [{ say: '421 closing' }] }, 'not_taken', /^421 closing/, 1],
    ['dot hang up', { dot: ['hang up'] }, 'unknown', /closed|ECONNRESET/, 1],
    ['dot silent', { dot: ['say nothing'] }, 'unknown', /no answer to the content within 3 s/, 1],
  ]
  const holds = async ([name, script, kind, reason, handedOver]: (typeof cases)[number]) => {
    const { send, counted } = await to(script, SHORT)
    const result = await send()
    assert.equal(result.kind, kind, name)
    assert.match((result as { reason: string }).reason, reason, name)
    assert.equal(counted.handedOver, handedOver, name)
    if (result.kind === 'unknown') assert.equal(result.repeatable, false)
  }
  await Promise.all(cases.map(holds))
})

test('a server that hangs up in the middle of the content has not taken it', async () => {
  const { send, counted } = await to({ hangUpInContent: 10_000 })
  // More than the sockets on both sides hold.
  const result = await send(email('ada@example.com', 'Hello, Ada.\r\n'.repeat(1_500_000)))
  assert.equal(result.kind, 'not_taken')
  assert.equal(counted.handedOver, 0)
})

test('the times are the minutes of RFC 5321: a late greeting and a late answer to the dot are waited for', async () => {
  assert.ok(SMTP_LIMITS.greeting >= 300_000 && SMTP_LIMITS.command >= 300_000 && SMTP_LIMITS.answer >= 600_000)
  const { send, relay, timeoutMs } = await to({
    greeting: { say: '220 good morning', afterMs: 5_500 },
    dot: [{ say: '250 queued at last', afterMs: 9_000 }],
  })
  assert.ok(timeoutMs >= SMTP_LIMITS.greeting + SMTP_LIMITS.answer)
  const result = await send()
  assert.equal(result.kind, 'sent')
  assert.equal(relay.contents.length, 1)
})

test('given up before the content was handed over it was not taken, after it the end is unknown', async () => {
  const before = new AbortController()
  const silent = await to({ rcpt: 'say nothing' })
  setTimeout(() => before.abort(), 100)
  const given = await silent.send(email(), before.signal)
  assert.deepEqual(
    [given.kind, (given as { reason: string }).reason],
    ['not_taken', 'given up: all stages together took too long'],
  )

  const late = await to({ dot: ['say nothing'] })
  const afterDot = new AbortController()
  const unanswered = late.send(email(), afterDot.signal)
  await until('it is handed over', () => late.counted.handedOver === 1 && late.relay.contents.length === 1)
  afterDot.abort()
  assert.equal((await unanswered).kind, 'unknown')

  const never = new AbortController()
  never.abort()
  assert.equal((await late.send(email(), never.signal)).kind, 'not_taken')
})

test('an idle connection that the server has closed unseen costs nothing: the message goes over a new one, once', async () => {
  let messages = 0
  const { send, relay } = await to({
    get mail() {
      messages += 1
      return messages === 2 ? ('hang up' as const) : { say: '250 sender ok' }
    },
  })
  assert.equal((await send()).kind, 'sent')
  assert.equal((await send()).kind, 'sent')
  assert.equal(relay.connections, 2)
  assert.equal(relay.contents.length, 2)
})

test('an address outside ASCII goes only to a server that announced SMTPUTF8, a domain goes everywhere', async () => {
  const plain = await to({})
  const refused = await plain.send(email('jörg@bücher.example'))
  assert.equal(refused.kind, 'refused')
  assert.match((refused as { reason: string }).reason, /SMTPUTF8/)
  assert.deepEqual(
    plain.relay.commands.filter((line) => /^(MAIL|RCPT)/.test(line)),
    [],
  )
  assert.equal((await plain.send(email('joerg@bücher.example'))).kind, 'sent')
  assert.ok(plain.relay.commands.includes('RCPT TO:<joerg@xn--bcher-kva.example>'))

  const modern = await to({ extensions: ['8BITMIME', 'SMTPUTF8'] })
  assert.equal((await modern.send(email('jörg@bücher.example'))).kind, 'sent')
  const commands = modern.relay.commands.map((line) => Buffer.from(line, 'latin1').toString('utf8'))
  assert.ok(commands.some((line) => line.startsWith('MAIL FROM:<notify@acme.example> SMTPUTF8')))
  assert.ok(commands.includes('RCPT TO:<jörg@bücher.example>'))
})

test('a message larger than the server announced is refused before it is sent', async () => {
  const { send, relay } = await to({ extensions: ['SIZE 200'] })
  const result = await send()
  assert.equal(result.kind, 'refused')
  assert.match((result as { reason: string }).reason, /larger than allowed 200/)
  assert.equal(relay.contents.length, 0)
})
