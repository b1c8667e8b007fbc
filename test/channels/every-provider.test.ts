import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import fc from 'fast-check'
import type { Exchange } from '../../channels/exchange.ts'
import { channelTypes } from '../../channels/registry.ts'
import type { SendResult } from '../../channels/sender.ts'
import { sendThrough } from '../../testing/fixtures/provider.ts'
import { answerWith, providerRows, type ProviderRow } from '../../testing/fixtures/provider-rows.ts'
import { makeCertificates } from '../../testing/servers/certificates.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'

// Every provider that is asked over HTTP meets every way in which a far side can fail. Those over SMTP: smtp-stages and smtp-presets.

const keys = Object.entries(channelTypes).flatMap(([type, { providers }]) =>
  type === 'in_app_feed' || type === 'email' ? [] : Object.keys(providers),
)
const rows = keys.flatMap((key): [string, ProviderRow][] => {
  const row = providerRows[key]
  return row === undefined ? [] : [[key, row]]
})
const certificates = makeCertificates()
const [cert, privateKey] = [certificates.cert, certificates.key].map((path) => readFileSync(path))
certificates.remove()
const KINDS = new Set(['sent', 'delivered', 'refused', 'not_taken', 'unknown', 'not_sent'])

/** One message, where its provider answers so. */
async function tried(row: ProviderRow, answer: (response: ServerResponse) => void, signal?: AbortSignal) {
  const server = await httpReceiver((response, { url }) => row.answer(response, url, answer))
  const exchanges: Exchange[] = []
  try {
    const given = { ...row.given(server.url), onAnswered: (each: Exchange) => exchanges.push(each) }
    const result = await sendThrough({ ...given, ...(signal !== undefined && { signal }) })
    return { result, exchanges, requests: server.requests }
  } finally {
    await server.close()
  }
}

const endOf = ({ kind, ...rest }: SendResult) => ({
  kind,
  ...('repeatable' in rest && { repeatable: rest.repeatable }),
  ...('retryAfterMs' in rest && { retryAfterMs: rest.retryAfterMs }),
})

test('every provider that is asked over HTTP has a row here, and every one for devices says which is gone', () => {
  const lacking = keys.filter((key) => !Object.hasOwn(providerRows, key))
  assert.deepEqual(lacking, [], 'add them to testing/fixtures/provider-rows.ts')
  assert.deepEqual(Object.keys(providerRows).sort(), [...keys].sort())
  for (const key of Object.keys(channelTypes.push.providers)) assert.ok(providerRows[key]!.gone, key)
})

for (const [key, row] of rows) {
  const { taken = 'sent', repeatable = false } = row.ends ?? {}
  const unknown = { kind: 'unknown', repeatable }

  test(`${key}: each way to answer ends as what it means`, async () => {
    const date = 'Wed, 21 Oct 2026 07:28:00 GMT'
    const cases: [string, (response: ServerResponse) => void, object][] = [
      ['taken', answerWith(row.taken), { kind: taken }],
      ['slowly, in pieces', inPieces(row.taken), { kind: taken }],
      ['hangs up', (response) => response.destroy(), unknown],
      [
        'a limit in seconds',
        answerWith([429, '{}'], { 'retry-after': '7' }),
        { kind: 'not_taken', retryAfterMs: 7_000 },
      ],
      [
        'a limit with a date',
        answerWith([429, '{}'], { date, 'retry-after': 'Wed, 21 Oct 2026 07:28:09 GMT' }),
        { kind: 'not_taken', retryAfterMs: 9_000 },
      ],
      ['away', answerWith([503, 'busy']), { kind: 'not_taken' }],
      ['a redirect', answerWith([302, ''], { location: 'http://127.0.0.1:1/elsewhere' }), { kind: 'refused' }],
      ['a large refusal', answerWith([400, 'x'.repeat(3_000_000)]), { kind: 'refused' }],
      ['broken JSON', answerWith([400, '{"error":']), { kind: 'refused' }],
    ]
    for (const [name, answer, end] of cases) {
      const { result, requests } = await tried(row, answer)
      assert.deepEqual(endOf(result), end, name)
      assert.ok(JSON.stringify(result).length < 3_000, `${name}: what is kept is short`)
      assert.ok(!requests.some(({ url }) => url.includes('elsewhere')))
    }
    // What says "taken" by its body alone leaves the end open once nobody can read it.
    const [status, body] = row.taken
    const isBodyRead = typeof body === 'object' && !['twilio', 'fcm', 'discord'].includes(key)
    for (const garbage of ['x'.repeat(3_000_000), '{"ok":', ''])
      assert.deepEqual(
        endOf((await tried(row, answerWith([status, garbage]))).result),
        isBodyRead ? unknown : { kind: taken },
      )
  })

  test(`${key}: what is never answered is given up, and its end is unknown`, async () => {
    const { result, requests } = await tried(row, () => undefined, AbortSignal.timeout(400))
    // A machine that is busy may not have handed it over by then.
    if (result.handedOver && requests.some(({ url }) => url !== '/token')) assert.deepEqual(endOf(result), unknown)
    else if (!result.handedOver) assert.equal(result.kind, 'not_taken')
  })

  test(`${key}: a certificate that nobody vouches for gets nothing`, async () => {
    let requests = 0
    const server = createServer({ cert, key: privateKey }, (_request, response) => {
      requests += 1
      response.end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    after(() => server.close())
    const result = await sendThrough(row.given(`https://127.0.0.1:${(server.address() as AddressInfo).port}`))
    assert.deepEqual([result.kind, result.handedOver, requests], ['not_taken', false, 0], JSON.stringify(result))
    assert.match((result as { reason: string }).reason, /certificate.*NODE_EXTRA_CA_CERTS/)
  })

  test(`${key}: an address with https:// at which nobody speaks TLS is told in words`, async () => {
    const server = await httpReceiver()
    after(() => server.close())
    const result = await sendThrough(row.given(server.url.replace('http:', 'https:')))
    assert.deepEqual([result.kind, result.handedOver], ['not_taken', false])
    assert.match((result as { reason: string }).reason, /^TLS failed: the far side answered without it/)
  })

  test(`${key}: whatever JSON it answers, the try has an end`, async () => {
    const names = [
      'data',
      'errors',
      'error',
      'messages',
      'ok',
      'id',
      'code',
      'message',
      'ts',
      'name',
      'details',
      'reason',
    ]
    const leaf = fc.constantFrom(null, 0, 1, '', 'x', 'ok', 'error', '0', true, [], {})
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie('json'), { maxLength: 2 }), tie('fields')),
      fields: fc.dictionary(fc.constantFrom(...names, 'status', 'sid', 'error-text'), tie('json'), { maxKeys: 4 }),
    }))
    const answers = fc.sample(fc.tuple(fc.constantFrom(200, 201, 202, 204, 400, 410, 500), json), {
      numRuns: 25,
      seed: 7,
    })
    let next = 0
    const server = await httpReceiver((response, { url }) =>
      row.answer(response, url, answerWith(answers[next % answers.length] as [number, unknown])),
    )
    after(() => server.close())
    for (; next < answers.length; next += 1) {
      const result = await sendThrough(row.given(server.url))
      assert.ok(KINDS.has(result.kind), JSON.stringify(answers[next]))
    }
  })

  test(`${key}: a far side that echoes all that it got makes no secret into a reason`, async () => {
    for (const status of [200, 400, 503]) {
      const server = await httpReceiver((response, received) => {
        const echo = answerWith([status, JSON.stringify(received) + decodedLogin(received.headers.authorization)])
        row.answer(response, received.url, echo)
      })
      after(() => server.close())
      const exchanges: Exchange[] = []
      const result = await sendThrough({ ...row.given(server.url), onAnswered: (each) => exchanges.push(each) })
      const kept = JSON.stringify({ result, exchanges })
      const { authorization } = server.requests.at(-1)!.headers
      const secrets = [...row.secrets, ...(authorization === undefined ? [] : [authorization])]
      for (const secret of secrets) assert.ok(!kept.includes(JSON.stringify(secret).slice(1, -1)), `${key}: ${kept}`)
      assert.ok(exchanges.length > 0)
    }
  })

  test(`${key}: a part of a webhook’s address is as secret as the whole`, async () => {
    for (const status of [200, 404]) {
      const server = await httpReceiver((response, { url }) => {
        const { pathname, searchParams } = new URL(url, 'http://far.invalid')
        const parts = [...pathname.split('/'), ...searchParams.values()].filter((part) => part.length >= 16)
        row.answer(response, url, answerWith([status, `nothing at ${parts.join(' or ')}`]))
      })
      after(() => server.close())
      const exchanges: Exchange[] = []
      const result = await sendThrough({ ...row.given(server.url), onAnswered: (each) => exchanges.push(each) })
      const kept = JSON.stringify({ ...result, gone: undefined, exchanges })
      for (const secret of row.secrets) assert.ok(!kept.includes(secret), kept)
    }
  })

  test(`${key}: a redirect is not followed, and the reason says so without the address`, async () => {
    for (const status of [301, 302, 307, 308]) {
      const location = 'https://elsewhere.example/?token=S3cr3t-Kv9xQ2mZ7t'
      const { result, exchanges } = await tried(row, answerWith([status, `Moved to ${location}`], { location }))
      assert.equal(result.kind, 'refused')
      assert.match((result as { reason: string }).reason, /redirects are not followed/)
      assert.ok(!JSON.stringify(result).includes('elsewhere.example'))
      assert.ok(exchanges.every(({ response }) => !Object.hasOwn(response!.headers, 'location')))
    }
  })

  const { gone } = row
  if (gone === undefined) continue
  test(`${key}: a device that is no more is named, to be dropped`, async () => {
    const { result } = await tried(row, answerWith(gone))
    assert.deepEqual([result.kind, result.gone?.length], ['refused', 1])
  })
}

test('a webhook below the address of the provider’s own API is kept out of the log like any other', async () => {
  const server = await httpReceiver((response) => response.writeHead(404).end())
  after(() => server.close())
  const given = providerRows.discord!.given(server.url)
  const exchanges: Exchange[] = []
  const settings = { api_url: `${server.url}/hooks` }
  await sendThrough({ ...given, settings, onAnswered: (each) => exchanges.push(each) })
  assert.deepEqual(exchanges[0]!.request, { method: 'POST', host: `127.0.0.1:${server.port}`, path: null })
})

function inPieces([status, body]: [number, unknown]) {
  return (response: ServerResponse) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    response.writeHead(status)
    response.flushHeaders()
    setTimeout(() => response.write(text.slice(0, 3)), 60)
    setTimeout(() => response.end(text.slice(3)), 120)
  }
}

function decodedLogin(authorization = ''): string {
  return Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString('latin1')
}
