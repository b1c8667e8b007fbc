import assert from 'node:assert/strict'
import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { createPublicKey } from 'node:crypto'
import { jwtVerify } from 'jose'
import webPush from 'web-push'
import { MESSAGE_ID, sendThrough } from '../../testing/fixtures/provider.ts'

// Written from RFC 8030 (the request), RFC 8291 and 8188 (its encryption) and RFC 8292 (VAPID).

const vapid = webPush.generateVAPIDKeys()

/** A browser's subscription, and what only it can read. */
function browser(endpoint: string) {
  const keys = createECDH('prime256v1')
  keys.generateKeys()
  const auth = randomBytes(16)
  const device = {
    endpoint,
    keys: { p256dh: keys.getPublicKey('base64url'), auth: auth.toString('base64url') },
  }
  function read(body: Buffer): string {
    const salt = body.subarray(0, 16)
    const length = body[20]!
    const sender = body.subarray(21, 21 + length)
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), keys.getPublicKey(), sender])
    const secret = Buffer.from(hkdfSync('sha256', keys.computeSecret(sender), auth, info, 32))
    const key = Buffer.from(hkdfSync('sha256', secret, salt, 'Content-Encoding: aes128gcm\0', 16))
    const nonce = Buffer.from(hkdfSync('sha256', secret, salt, 'Content-Encoding: nonce\0', 12))
    const sealed = body.subarray(21 + length)
    const decipher = createDecipheriv('aes-128-gcm', key, nonce)
    decipher.setAuthTag(sealed.subarray(-16))
    const opened = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
    return opened.subarray(0, opened.lastIndexOf(2)).toString('utf8')
  }
  return { device, read }
}

async function pushService(status: number, headers: Record<string, string> = {}) {
  const requests: { headers: Record<string, unknown>; body: Buffer }[] = []
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      requests.push({ headers: request.headers, body })
      response.writeHead(status, headers).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const settings = {
    vapid_public_key: vapid.publicKey,
    vapid_private_key: '$VAPID_KEY',
    subject: 'mailto:ops@acme.example',
    ttl_seconds: 60,
  }
  const { device, read } = browser(`${url}/push/abc`)
  const send = (channelData: Record<string, unknown> = { devices: [device] }) =>
    sendThrough({
      type: 'push',
      provider: 'webpush',
      settings,
      env: { VAPID_KEY: vapid.privateKey },
      channelData,
      content: { title: 'Hi', body: 'Ada ✓', delivery_type: 'content', payload_overrides: { url: '/orders' } },
    })
  return { url, requests, send, read }
}

test('a push is encrypted for the subscriber, who alone can read it, and signed by VAPID for the service’s origin', async () => {
  const { url, requests, send, read } = await pushService(201, { location: 'https://push.example/message/1' })
  assert.deepEqual(await send(), { kind: 'sent', externalId: 'https://push.example/message/1', handedOver: true })
  const [{ headers, body }] = requests as [(typeof requests)[number]]
  assert.deepEqual([headers.ttl, headers['content-encoding']], ['60', 'aes128gcm'])
  assert.deepEqual(JSON.parse(read(body)), { title: 'Hi', body: 'Ada ✓', belay_message_id: MESSAGE_ID, url: '/orders' })
  const [, token, key] = /^vapid t=([^,]+), k=(.+)$/.exec(String(headers.authorization))!
  const point = Buffer.from(key!, 'base64url')
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  }
  const { payload } = await jwtVerify(token!, createPublicKey({ key: jwk, format: 'jwk' }), { audience: url })
  assert.equal(payload.sub, 'mailto:ops@acme.example')
})

test('a subscription that is gone is refused, a busy service is obeyed, and no subscription is not sent', async () => {
  for (const status of [404, 410]) {
    const service = await pushService(status)
    const { kind, gone } = await service.send()
    assert.deepEqual([kind, gone], ['refused', [`${service.url}/push/abc`]])
  }
  const busy = await (await pushService(429, { 'retry-after': '30' })).send()
  assert.deepEqual([busy.kind, (busy as { retryAfterMs?: number }).retryAfterMs], ['not_taken', 30_000])
  assert.equal((await (await pushService(201)).send({ devices: [{ endpoint: 'x' }] })).kind, 'not_sent')
})
