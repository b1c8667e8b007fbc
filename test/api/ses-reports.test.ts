import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { seedChannels, seedMessage, seedTrigger } from '../../testing/fixtures/seed.ts'
import { snsServer, TOPIC } from '../../testing/servers/sns.ts'

// Written from docs.aws.amazon.com: "Verifying the signatures of Amazon SNS messages", "Parsing message formats", and
// "Contents of event data that Amazon SES publishes to Amazon SNS".

const id = '9c1d2f0a-4d52-5d6e-8a43-000000000001'
const settings = { sns_topic_arn: TOPIC, smtp_user: '$NOT_SET_IN_THE_API' }
const channels = [{ key: 'mail', id, type: 'email' as const, name: 'mail', provider: 'ses', settings }]
const sns = await snsServer()
let api: ApiServer
before(async () => {
  api = await startApi({ definitions: new Map(), channels }, undefined, {}, { reportHttp: sns.http })
  await seedChannels(api.deps.store.db)
})
after(async () => {
  await api.close()
  await sns.close()
})

async function mailed(): Promise<string> {
  const [run] = await seedTrigger(api.deps.store.db, { recipients: ['ada'] })
  return seedMessage(api.deps.store.db, run!, { step: 2, status: 'sent', settledAt: new Date() })
}
const post = async (message: object) => {
  const headers = { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': 'Notification' }
  const answer = await fetch(`${api.url}/v1/channels/mail/events`, {
    method: 'POST',
    body: JSON.stringify(message),
    headers,
  })
  return { status: answer.status, moved: ((await answer.json()) as { moved?: number }).moved }
}
const mail = (messageId: string) => ({
  messageId: 'EXAMPLE7c191be45',
  headers: [{ name: 'X-Belay-Message-ID', value: messageId }],
})
const delivery = (messageId: string) => ({ Message: JSON.stringify({ eventType: 'Delivery', mail: mail(messageId) }) })
const bounce = (messageId: string, bounceType: string, bounceSubType: string) => ({
  Subject: 'Amazon SES Email Event Notification',
  Message: JSON.stringify({
    eventType: 'Bounce',
    bounce: { bounceType, bounceSubType, bouncedRecipients: [{ diagnosticCode: 'smtp; 550 5.1.1 user unknown' }] },
    mail: { messageId: 'EXAMPLE7c191be45', tags: { belay_message_id: [messageId] } },
  }),
})
const stateOf = async (messageId: string) => {
  const { status, reason } = (await api.call('GET', `/v1/messages/${messageId}`)).body as Record<string, unknown>
  return [status, reason]
}

test('a delivery and a bounce of SES, signed by SNS in either version, move the message; a certificate is fetched once', async () => {
  const messageId = await mailed()
  assert.deepEqual(await post(sns.message(delivery(messageId))), { status: 200, moved: 1 })
  assert.deepEqual(await stateOf(messageId), ['delivered', null])
  const hard = sns.message(bounce(messageId, 'Permanent', 'General'), '1')
  assert.deepEqual(await post(hard), { status: 200, moved: 1 })
  assert.deepEqual(await stateOf(messageId), ['bounced', 'Permanent/General: smtp; 550 5.1.1 user unknown'])
  // Replayed, it says what is known.
  assert.deepEqual(await post(hard), { status: 200, moved: 0 })
  const full = await mailed()
  assert.equal((await post(sns.message(bounce(full, 'Transient', 'General')))).moved, 0)
  assert.deepEqual(await stateOf(full), ['sent', null])
  assert.equal((await post(sns.message(bounce(full, 'Transient', 'MailboxFull')))).moved, 1)
  assert.equal((await stateOf(full))[0], 'undelivered')
  const notified = { Message: JSON.stringify({ notificationType: 'Complaint', mail: mail(await mailed()) }) }
  assert.equal((await post(sns.message(notified))).moved, 1)
  assert.equal((await post(sns.message({ Message: 'Successfully validated SNS topic for Amazon SES' }))).status, 200)
  assert.equal(sns.paths.filter((path) => path.endsWith('.pem')).length, 1)
})

test('what is forged, old, of another topic, or would fetch from elsewhere is refused, and nothing is asked for', async () => {
  const messageId = await mailed()
  const good = delivery(messageId)
  const other = await mailed()
  const asked = sns.paths.length
  const refused = [
    { ...sns.message(good), Message: JSON.stringify({ eventType: 'Delivery', mail: mail(other) }) },
    { ...sns.message(good), Subject: 'added' },
    { ...sns.message(good), Signature: '' },
    { ...sns.message(good), SignatureVersion: '3' },
    sns.message({ ...good, Timestamp: new Date(api.clock.now - 2 * 3_600_000 - 1_000).toISOString() }),
    sns.message({ ...good, Timestamp: 'yesterday' }),
    sns.message({ ...good, TopicArn: TOPIC.replace(':mail', ':mine') }),
    ...[
      'https://sns.eu-west-1.amazonaws.com.evil.example/a.pem',
      'https://evil.example/sns.eu-west-1.amazonaws.com/a.pem',
      'http://sns.eu-west-1.amazonaws.com/a.pem',
      'https://sns.us-east-1.amazonaws.com/a.pem',
      'https://user@sns.eu-west-1.amazonaws.com/a.pem',
      'https://sns.eu-west-1.amazonaws.com:8443/a.pem',
      'https://sns.eu-west-1.amazonaws.com/a.pem?x=1',
      'https://sns.eu-west-1.amazonaws.com/a',
      'not an address',
    ].map((SigningCertURL) => sns.message({ ...good, SigningCertURL })),
    { eventType: 'Delivery', mail: mail(messageId) },
  ]
  for (const message of refused) assert.equal((await post(message)).status, 401, JSON.stringify(message))
  assert.deepEqual(await stateOf(messageId), ['sent', null])
  assert.equal(sns.paths.length, asked)
})

test('a subscription of the topic is confirmed once it is signed, at SNS alone', async () => {
  const confirmation = (SubscribeURL: string) =>
    sns.message({
      Type: 'SubscriptionConfirmation',
      Token: 'token',
      SubscribeURL,
      Message: 'You have chosen to subscribe',
    })
  const path = `/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=token`
  const right = confirmation(`https://sns.eu-west-1.amazonaws.com${path}`)
  assert.equal((await post({ ...right, Token: 'forged' })).status, 401)
  assert.equal((await post(confirmation(`https://evil.example${path}`))).status, 401)
  assert.ok(!sns.paths.includes(path))
  assert.equal((await post(right)).status, 200)
  assert.ok(sns.paths.includes(path))
})
