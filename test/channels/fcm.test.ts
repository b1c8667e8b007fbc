import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, test } from 'node:test'
import { importSPKI, jwtVerify } from 'jose'
import { MESSAGE_ID, sendThrough } from '../../testing/fixtures/provider.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'

// Written from https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send, its ErrorCode page, and
// https://developers.google.com/identity/protocols/oauth2/service-account#httprest.

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const content = { title: 'Hi', body: 'Ada ✓', delivery_type: 'content', payload_overrides: null } as const

let accounts = 0

interface Refused {
  kind: string
  reason: string
  gone?: string[]
}

/** FCM and Google's token endpoint; `answer` says what a send is answered. */
async function fcm(answer: (token: string) => [number, object]) {
  const server = await httpReceiver((response, { url, body }) => {
    if (url === '/token') response.end(JSON.stringify({ access_token: 'ya29.abc', expires_in: 3_599 }))
    else {
      const [status, given] = answer((JSON.parse(body) as { message: { token: string } }).message.token)
      response.writeHead(status).end(JSON.stringify(given))
    }
  })
  after(() => server.close())
  accounts += 1
  const account = {
    project_id: 'acme',
    client_email: `belay-${accounts}@acme.iam.gserviceaccount.com`,
    private_key: privateKey,
    token_uri: `${server.url}/token`,
  }
  const settings = { service_account: '$FCM_ACCOUNT', api_url: server.url }
  const env = { FCM_ACCOUNT: JSON.stringify(account) }
  const send = (channelData: Record<string, unknown>, more: object = {}) =>
    sendThrough({ type: 'push', provider: 'fcm', settings, env, channelData, content: { ...content, ...more } })
  return { server, account, send }
}

test('a signed assertion is exchanged for a token once, and the message is that of the reference', async () => {
  const { server, account, send } = await fcm(() => [200, { name: 'projects/acme/messages/0:1' }])
  for (let n = 0; n < 2; n += 1) {
    const result = await send({ tokens: ['device-1'] })
    assert.deepEqual(result, { kind: 'sent', externalId: 'projects/acme/messages/0:1', handedOver: true })
  }
  assert.deepEqual(
    server.requests.map(({ url }) => url),
    ['/token', '/v1/projects/acme/messages:send', '/v1/projects/acme/messages:send'],
  )
  const grant = new URLSearchParams(server.requests[0]!.body)
  assert.equal(grant.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer')
  const { payload, protectedHeader } = await jwtVerify(grant.get('assertion')!, await importSPKI(publicKey, 'RS256'), {
    audience: account.token_uri,
    issuer: account.client_email,
  })
  assert.equal(protectedHeader.alg, 'RS256')
  assert.equal(payload.scope, 'https://www.googleapis.com/auth/firebase.messaging')
  assert.equal(payload.exp! - payload.iat!, 3_600)
  assert.equal(server.requests[1]!.headers.authorization, 'Bearer ya29.abc')
  assert.deepEqual(JSON.parse(server.requests[1]!.body), {
    message: {
      token: 'device-1',
      notification: { title: 'Hi', body: 'Ada ✓' },
      data: { belay_message_id: MESSAGE_ID },
    },
  })
})

test('a silent push shows nothing, and overrides are laid over the message', async () => {
  const { server, send } = await fcm(() => [200, { name: 'n' }])
  await send({ devices: [{ token: 'd' }] }, { delivery_type: 'silent', payload_overrides: { android: { ttl: '60s' } } })
  assert.deepEqual(JSON.parse(server.requests[1]!.body), {
    message: { token: 'd', data: { belay_message_id: MESSAGE_ID }, android: { ttl: '60s' } },
  })
})

test('one device that took it makes the message sent; where none did, the end that may change counts', async () => {
  const gone = { error: { code: 404, status: 'NOT_FOUND', details: [{ errorCode: 'UNREGISTERED' }] } }
  const busy = { error: { code: 503, status: 'UNAVAILABLE', message: 'busy' } }
  const { send } = await fcm((token) => {
    if (token === 'gone') return [404, gone]
    return token === 'busy' ? [503, busy] : [200, { name: 'n' }]
  })
  assert.equal((await send({ tokens: ['gone', 'good'] })).kind, 'sent')
  assert.equal((await send({ tokens: ['gone', 'busy'] })).kind, 'not_taken')
  const { kind, reason, gone: dropped } = (await send({ tokens: ['gone'] })) as Refused
  assert.deepEqual([kind, dropped], ['refused', ['gone']])
  assert.match(reason, /^answered 404 UNREGISTERED: the device is gone/)
})

test('a message of one device goes to that device alone, and nowhere once the recipient has it no more', async () => {
  const { server, send } = await fcm(() => [200, { name: 'n' }])
  await send({ tokens: ['a'], devices: [{ token: 'b', locale: 'de' }] }, { token: 'b' })
  const sent = server.requests.slice(1).map(({ body }) => JSON.parse(body) as { message: { token: string } })
  assert.deepEqual(
    sent.map(({ message }) => message.token),
    ['b'],
  )
  const { kind, reason } = (await send({ tokens: ['a'] }, { token: 'b' })) as Refused
  assert.deepEqual([kind, reason], ['not_sent', 'the device is no longer in the recipient’s channel data'])
})

test('no token is not sent, and a Google that gives none is not taken', async () => {
  const { send, server } = await fcm(() => [200, {}])
  assert.equal((await send({})).kind, 'not_sent')
  assert.equal(server.requests.length, 0)
  const settings = { service_account: JSON.stringify({ project_id: 'a', client_email: 'b' }) }
  const bad = await sendThrough({ type: 'push', provider: 'fcm', settings, content, channelData: { tokens: ['d'] } })
  assert.match((bad as { reason: string }).reason, /service_account must be the JSON file.*private_key, token_uri/)
  const refusing = await httpReceiver((response) => response.writeHead(400).end('{"error":"invalid_grant"}'))
  after(() => refusing.close())
  const account = { project_id: 'a', client_email: 'c', private_key: privateKey, token_uri: refusing.url }
  const away = await sendThrough({
    type: 'push',
    provider: 'fcm',
    settings: { service_account: JSON.stringify(account) },
    content,
    channelData: { tokens: ['d'] },
  })
  assert.deepEqual([away.kind, away.handedOver], ['not_taken', false])
  assert.match((away as { reason: string }).reason, /invalid_grant/)
})

test('what an operator mends at Google is not taken, and told in Google’s words', async () => {
  const off = 'Firebase Cloud Messaging API has not been used in project 1 before or it is disabled.'
  const cases: [number, string, object[], string][] = [
    [403, 'PERMISSION_DENIED', [], 'not_taken'],
    [401, 'UNAUTHENTICATED', [{ errorCode: 'THIRD_PARTY_AUTH_ERROR' }], 'not_taken'],
    [429, 'RESOURCE_EXHAUSTED', [{ errorCode: 'QUOTA_EXCEEDED' }], 'not_taken'],
    [403, 'PERMISSION_DENIED', [{ errorCode: 'SENDER_ID_MISMATCH' }], 'refused'],
    [400, 'INVALID_ARGUMENT', [{ errorCode: 'INVALID_ARGUMENT' }], 'refused'],
  ]
  for (const [code, status, details, kind] of cases) {
    const { send } = await fcm(() => [code, { error: { code, status, message: off, details } }])
    const result = (await send({ tokens: ['d'] })) as Refused
    assert.equal(result.kind, kind, JSON.stringify(details))
    const [detail = { errorCode: status }] = details as { errorCode: string }[]
    assert.equal(result.reason, `answered ${code} ${detail.errorCode} ${off}`)
  }
})
