import fc from 'fast-check'
import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { after, before, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { Links } from '../../channels/links.ts'
import type { Channel } from '../../definitions/catalog.ts'
import { openPostgres } from '../../store/postgres/database.ts'
import { inUrl, text, value } from '../../testing/fixtures/anything.ts'
import { seedChannels, seedMessage, seedTrigger } from '../../testing/fixtures/seed.ts'
import { SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { testPostgres, type TestDatabase } from '../../testing/servers/postgres.ts'
import { snsServer, TOPIC } from '../../testing/servers/sns.ts'

// Whatever asks for no key: pages, links in messages, reports of providers; and metrics.

const RUNS = 60
const PUBLIC_URL = 'https://notify.acme.example'
const LINK_SECRET = 'a secret of more than thirty-two characters'
const WHSEC = `whsec_${Buffer.from('a secret of resend').toString('base64')}`
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })

const settings: Record<string, Record<string, string>> = {
  twilio: { status_callback: `${PUBLIC_URL}/v1/channels/twilio/events`, auth_token: '12345' },
  sendgrid: { webhook_public_key: publicKey.export({ format: 'der', type: 'spki' }).toString('base64') },
  postmark: { webhook_secret: 'pm-secret' },
  resend: { webhook_secret: WHSEC },
  mailgun: { webhook_signing_key: 'mg-key' },
  ses: { sns_topic_arn: TOPIC },
  smtp: {},
}
const channels = Object.entries(settings).map(([key, own], index): Channel => {
  const id = `9c1d2f0a-4d52-5d6e-8a43-00000000000${index}`
  return { key, id, type: key === 'twilio' ? 'sms' : 'email', name: key, provider: key, settings: own }
})

const sns = await snsServer()
const links = new Links(PUBLIC_URL, LINK_SECRET)
let api: ApiServer
let database: TestDatabase
let message: string
before(async () => {
  database = await testPostgres()
  const env = { BELAY_PUBLIC_URL: PUBLIC_URL, BELAY_LINK_SECRET: LINK_SECRET }
  const store = openPostgres(database.url)
  api = await startApi({ definitions: new Map(), channels }, store, env, { reportHttp: sns.http })
  await seedChannels(store.db)
  const [run] = await seedTrigger(store.db, { recipients: ['ada'] })
  message = await seedMessage(store.db, run!, { step: 2, status: 'sent', settledAt: new Date() })
})
after(async () => {
  await api.close()
  await database.drop()
  await sns.close()
})

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((list) => Buffer.from(list)),
  value.map((each) => Buffer.from(JSON.stringify(each))),
)
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')
const headers = fc.dictionary(
  fc.constantFrom('content-type', 'content-encoding', 'accept', 'authorization', 'origin', 'prefer', 'expect-ct'),
  fc.constantFrom(
    '',
    'gzip',
    'br',
    'nonsense',
    'text/plain; charset=klingon',
    '*/*',
    `Bearer ${SECRET_KEY}`,
    'Basic =',
  ),
)

interface Sent {
  method: string
  path: string
  headers?: Record<string, string>
  body?: Buffer | string
}

/** Answered, below 500, with a body of ours where it is refused. */
async function answered(sent: Sent, except: readonly number[] = []): Promise<number> {
  const { path, body = '', ...rest } = sent
  const isSent = rest.method !== 'GET' && rest.method !== 'HEAD'
  const response = await fetch(api.url + path, {
    ...rest,
    redirect: 'manual',
    ...(isSent && { body: new Uint8Array(Buffer.from(body)) }),
  })
  const answer = await response.text()
  const said = `${response.status} ${rest.method} ${path} ${answer.slice(0, 500)}`
  assert.ok(response.status < 500 || except.includes(response.status), said)
  assert.ok(response.headers.has('x-request-id'), said)
  if (response.status >= 400 && rest.method !== 'HEAD' && !/html/.test(response.headers.get('content-type') ?? ''))
    assert.equal(
      (JSON.parse(answer) as { request_id?: string }).request_id ?? 'none',
      response.headers.get('x-request-id'),
      said,
    )
  return response.status
}

const pages = [
  '/',
  '/home.css',
  '/home.js',
  '/docs',
  '/docs/',
  '/docs/style.css',
  '/openapi.json',
  '/healthz',
  '/metrics',
]
test('pages and metrics answer whatever they are sent', { timeout: 600_000 }, async () => {
  const query = fc.dictionary(text, text, { maxKeys: 3 })
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...pages, '/readyz'),
      method,
      headers,
      query,
      bytes,
      async (path, how, own, asked, body) => {
        const search = Object.entries(asked).map(([name, each]) => `${inUrl(name)}=${inUrl(each)}`)
        // Temporal is away.
        await answered(
          { method: how, path: `${path}?${search.join('&')}`, headers: own, body },
          path === '/readyz' ? [503] : [],
        )
      },
    ),
    { seed: 1, numRuns: RUNS * 2, endOnFailure: true },
  )
})

test(
  'links in messages answer whatever stands in them, and only what was signed leads on',
  { timeout: 600_000 },
  async () => {
    const kinds = fc.constantFrom('open', 'click', 'unsubscribe')
    const ours = fc.tuple(kinds, fc.oneof(text, fc.constant('a message')), text).map(([kind, id, target]) => {
      const messageId = id === 'a message' ? message : id
      const url =
        kind === 'click'
          ? links.click(messageId, target)!
          : kind === 'open'
            ? links.open(messageId)
            : links.unsubscribe(messageId)
      return url.slice(url.lastIndexOf(`/l/${kind}/`) + `/l/${kind}/`.length)
    })
    const cut = fc
      .tuple(ours, fc.nat(80), text)
      .map(([token, at, put]) => token.slice(0, at) + put + token.slice(at + 1))
    const token = fc.oneof(
      text,
      ours,
      cut,
      ours.map((each) => each.toUpperCase()),
      fc.constant('.'.repeat(20_000)),
    )
    await fc.assert(
      fc.asyncProperty(kinds, token, method, headers, bytes, async (kind, given, how, own, body) => {
        await answered({ method: how, path: `/l/${kind}/${inUrl(given)}`, headers: own, body })
      }),
      { seed: 1, numRuns: RUNS * 3, endOnFailure: true },
    )
  },
)

/** A body signed as its provider does; each of these is taken for the provider's own. */
const signers: Record<string, (body: unknown, id: string) => Sent> = {
  twilio: (body, id) => {
    const fields = { MessageStatus: 'failed', ErrorCode: JSON.stringify(body) }
    const search = `message_id=${inUrl(id)}`
    const form = new URLSearchParams(fields).toString()
    const read = new URLSearchParams(form)
    const signed = `${settings['twilio']!['status_callback']}?${search}ErrorCode${read.get('ErrorCode')}MessageStatusfailed`
    const signature = createHmac('sha1', '12345').update(signed).digest('base64')
    return {
      method: 'POST',
      path: `/v1/channels/twilio/events?${search}`,
      headers: { 'x-twilio-signature': signature },
      body: form,
    }
  },
  sendgrid: (body, id) => {
    const sent = JSON.stringify([{ belay_message_id: id, event: 'bounce', type: body, reason: body }, body])
    const at = String(Math.floor(api.clock.now / 1_000))
    const name = 'x-twilio-email-event-webhook'
    const own = {
      [`${name}-signature`]: sign('sha256', Buffer.from(at + sent), privateKey).toString('base64'),
      [`${name}-timestamp`]: at,
    }
    return { method: 'POST', path: '/v1/channels/sendgrid/events', headers: own, body: sent }
  },
  postmark: (body, id) => {
    const authorization = `Basic ${Buffer.from('belay:pm-secret').toString('base64')}`
    const sent = { RecordType: 'Bounce', Description: body, Details: body, Metadata: { 'belay-message-id': id } }
    return {
      method: 'POST',
      path: '/v1/channels/postmark/events',
      headers: { authorization },
      body: JSON.stringify(sent),
    }
  },
  resend: (body, id) => {
    const sent = JSON.stringify({
      type: 'email.bounced',
      data: { headers: [body, { name: 'X-Belay-Message-ID', value: id }], bounce: { message: body, type: body } },
    })
    const at = Math.floor(api.clock.now / 1_000)
    const own = {
      'svix-id': 'msg_1',
      'svix-timestamp': String(at),
      'svix-signature': new Webhook(WHSEC).sign('msg_1', new Date(at * 1_000), sent),
    }
    return { method: 'POST', path: '/v1/channels/resend/events', headers: own, body: sent }
  },
  mailgun: (body, id) => {
    const timestamp = String(Math.floor(api.clock.now / 1_000))
    const signature = createHmac('sha256', 'mg-key').update(`${timestamp}a-token`).digest('hex')
    const data = {
      event: 'failed',
      severity: 'permanent',
      reason: body,
      'delivery-status': { description: body },
      'user-variables': { belay_message_id: id },
    }
    return {
      method: 'POST',
      path: '/v1/channels/mailgun/events',
      body: JSON.stringify({ signature: { timestamp, token: 'a-token', signature }, 'event-data': data }),
    }
  },
  ses: (body, id) => {
    const event = {
      eventType: 'Bounce',
      bounce: { bounceType: 'Permanent', bounceSubType: body, bouncedRecipients: [{ diagnosticCode: body }, body] },
      mail: { headers: [body, { name: 'X-Belay-Message-ID', value: id }], tags: body },
    }
    return {
      method: 'POST',
      path: '/v1/channels/ses/events',
      body: JSON.stringify(sns.message({ Message: JSON.stringify(event) })),
    }
  },
}

test('reports answer whatever providers, or others, send', { timeout: 600_000 }, async () => {
  const statuses = new Set<number>()
  const anyone = fc.constantFrom(...Object.keys(settings), 'none', '%00', '..', '__proto__')
  await fc.assert(
    fc.asyncProperty(anyone, method, headers, bytes, async (provider, how, own, body) => {
      await answered({ method: how, path: `/v1/channels/${provider}/events`, headers: own, body })
    }),
    { seed: 1, numRuns: RUNS * 2, endOnFailure: true },
  )
  const ids = fc.oneof(text, fc.constant('a message'), fc.constantFrom('1', '9223372036854775808', '-1', '1e3'))
  for (const signed of Object.values(signers)) {
    await fc.assert(
      fc.asyncProperty(value, ids, async (body, id) => {
        statuses.add(await answered(signed(body, id === 'a message' ? message : id)))
      }),
      { seed: 1, numRuns: RUNS, endOnFailure: true },
    )
  }
  assert.deepEqual([...statuses], [200])
})
