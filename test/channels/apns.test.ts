import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { constants, createSecureServer, type IncomingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, mock, test } from 'node:test'
import { importSPKI, jwtVerify } from 'jose'
import { HostList } from '../../settings/host-list.ts'
import { HttpClient } from '../../channels/http-client.ts'
import { apns } from '../../channels/push/apns.ts'
import { MESSAGE_ID } from '../../testing/fixtures/provider.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'

// Written from https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns and
// "Establishing a token-based connection to APNs" and "Handling notification responses from APNs".

const { privateKey, publicKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})

function certificate(): { key: Buffer; cert: Buffer } {
  const folder = temporaryFolder()
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const files = ['-keyout', key, '-out', cert, '-days', '2', '-nodes', '-newkey', 'rsa:2048']
  execFileSync('openssl', ['req', '-x509', ...files, ...subject], { stdio: 'ignore' })
  return { key: readFileSync(key), cert: readFileSync(cert) }
}

const id = '5b0e9d8e-1f6a-5b34-9d8e-1b7e5b346a55'
const channel = { key: 'apns', id, type: 'push', name: 'a', provider: 'apns' } as const

interface Push {
  headers: IncomingHttpHeaders
  body: string
}

async function apple(answer: [number, object?]) {
  const { key, cert } = certificate()
  const pushes: Push[] = []
  const server = createSecureServer({ key, cert })
  server.on('stream', (stream, headers) => {
    let body = ''
    stream.on('error', () => undefined)
    stream.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    stream.on('end', () => {
      pushes.push({ headers, body })
      if (answer[0] === 0) return stream.close(constants.NGHTTP2_REFUSED_STREAM)
      stream.respond({ ':status': answer[0], 'apns-id': 'EC1BF194-B3B2-424A-89A9-5A918A6E6B5E' })
      stream.end(answer[1] === undefined ? undefined : JSON.stringify(answer[1]))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const http2 = new HttpClient({ allowPrivate: HostList.every, http2: true, tls: { ca: cert } })
  const sender = apns.create({ defaults: { BELAY_HTTP_ALLOW_PRIVATE: HostList.every }, env: {}, http: http2, http2 })
  after(async () => {
    await http2.close()
    await new Promise((resolve) => server.close(resolve))
  })
  const settings = {
    key_id: 'ABC123DEFG',
    team_id: 'DEF123GHIJ',
    private_key: privateKey,
    topic: 'com.example.app',
    api_url: `https://localhost:${(server.address() as AddressInfo).port}`,
  }
  const send = (tokens: string[], delivery_type: 'content' | 'silent' = 'content', more: object = {}) =>
    sender.send(
      {
        messageId: MESSAGE_ID,
        recipient: { reference: 'u1', properties: {}, channelData: { tokens } },
        content: { title: 'Hi', body: 'Ada', delivery_type, payload_overrides: { aps: { badge: 1 } } },
      },
      { ...channel, settings: { ...settings, ...more } },
      { signal: new AbortController().signal, onHandedOver: () => undefined },
    )
  return { pushes, send }
}

test('a push goes over HTTP/2 with an ES256 token, to the path of its device', async () => {
  const { pushes, send } = await apple([200])
  const result = await send(['00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0'])
  assert.deepEqual(result, { kind: 'sent', externalId: 'EC1BF194-B3B2-424A-89A9-5A918A6E6B5E' })
  const [{ headers, body }] = pushes as [Push]
  assert.equal(headers[':method'], 'POST')
  assert.equal(headers[':path'], '/3/device/00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0')
  assert.deepEqual(
    [headers['apns-topic'], headers['apns-push-type'], headers['apns-priority']],
    ['com.example.app', 'alert', '10'],
  )
  const token = headers.authorization!.replace(/^bearer /, '')
  const { payload, protectedHeader } = await jwtVerify(token, await importSPKI(publicKey, 'ES256'))
  assert.deepEqual([protectedHeader.alg, protectedHeader.kid, payload.iss], ['ES256', 'ABC123DEFG', 'DEF123GHIJ'])
  assert.ok(Math.abs(payload.iat! - Date.now() / 1_000) < 3_600)
  assert.deepEqual(JSON.parse(body), {
    aps: { alert: { title: 'Hi', body: 'Ada' }, badge: 1 },
    belay_message_id: MESSAGE_ID,
  })
  await send(['d'], 'silent')
  assert.deepEqual([pushes[1]!.headers['apns-push-type'], pushes[1]!.headers['apns-priority']], ['background', '5'])
  assert.equal(pushes[1]!.headers.authorization, headers.authorization, 'one token serves until it is old')
})

test('a device that is gone is refused, what an operator mends and what is busy is not taken', async () => {
  const cases: [number, string, string][] = [
    [400, 'BadDeviceToken', 'refused'],
    [400, 'IdleTimeout', 'not_taken'],
    [410, 'Unregistered', 'refused'],
    [413, 'PayloadTooLarge', 'refused'],
    [403, 'ExpiredProviderToken', 'not_taken'],
    [403, 'InvalidProviderToken', 'not_taken'],
    [403, 'BadEnvironmentKeyIdInToken', 'not_taken'],
    [429, 'TooManyRequests', 'not_taken'],
    [503, 'ServiceUnavailable', 'not_taken'],
  ]
  for (const [status, reason, kind] of cases) {
    const { send } = await apple([status, { reason }])
    const result = await send(['d'])
    const gone = status === 410
    const told = `answered ${status} ${reason}${gone ? ': the device is gone, and was dropped from channel data' : ''}`
    assert.deepEqual([result.kind, (result as { reason: string }).reason], [kind, told])
    assert.deepEqual(result.gone, gone ? ['d'] : undefined)
  }
})

// "Refresh your token no more than once every 20 minutes": else all pushes of the team are answered TooManyProviderTokenUpdates.
test('a token is exchanged once it expired, not for another refusal, and not while it is new', async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 86_400_000 })
  after(() => mock.timers.reset())
  const answer: [number, object] = [429, { reason: 'TooManyRequests' }]
  const { pushes, send } = await apple(answer)
  const sentWith = async (reason: string, minutes: number) => {
    mock.timers.tick(minutes * 60_000)
    answer[1] = { reason }
    assert.equal((await send(['d'])).kind, 'not_taken')
    return pushes.at(-1)!.headers.authorization
  }
  const first = await sentWith('TooManyRequests', 0)
  assert.equal(await sentWith('TooManyProviderTokenUpdates', 1), first)
  assert.equal(await sentWith('ExpiredProviderToken', 1), first)
  assert.equal(await sentWith('TooManyRequests', 22), first, 'it was new as it was called expired')
  assert.equal(await sentWith('ExpiredProviderToken', 1), first)
  const second = await sentWith('ExpiredProviderToken', 1)
  assert.notEqual(second, first)
  assert.equal(await sentWith('TooManyRequests', 1), second)
})

test('channels with the same key_id and another key do not send with each other’s tokens', async () => {
  const { pushes, send } = await apple([200])
  await send(['d'])
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  await send(['d'], 'content', { private_key: other.export({ type: 'pkcs8', format: 'pem' }).toString() })
  assert.notEqual(pushes[0]!.headers.authorization, pushes[1]!.headers.authorization)
})

// RFC 9113 8.7: "no application processing" took place on a stream that is refused so.
test('a stream that the server refuses was not taken', async () => {
  const { pushes, send } = await apple([0])
  const { kind, ...rest } = await send(['d'])
  assert.deepEqual([kind, pushes.length], ['not_taken', 1], JSON.stringify(rest))
})
