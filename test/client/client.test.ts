import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import type { AddressInfo } from 'node:net'
import { Belay, BelayError } from '../../client/index.ts'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'

let api: ApiServer
let knock: Belay
before(async () => {
  api = await startApi(await readCatalog('notifications'))
  await publishCatalog(api.deps.store.db, api.deps.catalog)
  knock = new Belay({ apiKey: SECRET_KEY, baseUrl: api.url })
})
after(() => api.close())

const invite = (id: string) =>
  knock.notify('new-user-invited', {
    recipients: ['user_1', 'user_2', 'user_3'],
    cancelationKey: id,
    settings: { skip_delay: false },
  })

test("the seed's first snippet: canceling for all recipients", async () => {
  const userInvite = { id: 'invite_1' }
  await invite(userInvite.id)

  const verdict = await knock.cancelNotify('new-user-invited', userInvite.id)

  assert.equal(verdict.status, 'applied')
  assert.equal(verdict.summary.canceled, 3)
})

test("the seed's second snippet: canceling for a subset of recipients", async () => {
  const userInvite = { id: 'invite_2' }
  await invite(userInvite.id)

  const verdict = await knock.cancelNotify('new-user-invited', userInvite.id, {
    recipients: ['user_1', 'user_2'],
  })

  assert.deepEqual(
    verdict.recipients.map(({ id, outcome }) => [id, outcome]),
    [
      ['user_1', 'canceled'],
      ['user_2', 'canceled'],
    ],
  )
  const rest = await knock.cancelNotify('new-user-invited', userInvite.id)
  assert.equal(rest.summary.canceled, 1)
  assert.equal(rest.summary.already_canceled, 2)
})

test('what does not sleep cannot be moved, and says so', async () => {
  await invite('invite_3')
  const moved = await knock.reschedule(
    'new-user-invited',
    'invite_3',
    { unit: 'days', value: 1 },
    { recipients: ['user_1'] },
  )
  assert.equal(moved.recipients[0]?.outcome, 'not_sleeping')
  const sent = await knock.sendNow('new-user-invited', 'invite_3')
  assert.equal(sent.summary.not_sleeping, 3)
})

/** Asleep until an instant in `data`, from its trigger on. */
const remind = (id: string) =>
  knock.notify('payment-reminder', {
    recipients: ['user_1', 'user_2'],
    cancelationKey: id,
    data: {
      remind_at: { unit: 'days', value: 2 },
      invoice: '7',
      amount: '12 EUR',
      invoice_url: 'https://example.com/7',
    },
  })

test('a sleep is moved to an instant, or to a while from now, for those named', async () => {
  await remind('invoice_1')
  const to = new Date(Date.now() + 5 * 86_400_000)
  const moved = await knock.reschedule('payment-reminder', 'invoice_1', to, { recipients: ['user_1', 'nobody'] })
  assert.deepEqual([moved.status, moved.scheduled_at], ['applied', to.toISOString()])
  assert.deepEqual(
    moved.recipients.map(({ id, outcome }) => [id, outcome]),
    [
      ['user_1', 'rescheduled'],
      ['nobody', 'not_found'],
    ],
  )
  const all = await knock.reschedule('payment-reminder', 'invoice_1', { unit: 'hours', value: 1 })
  assert.equal(all.summary.rescheduled, 2)
  const inAnHour = Date.parse(all.scheduled_at) - Date.now()
  assert.ok(inAnHour > 3_500_000 && inAnHour <= 3_600_000)
})

test('a sleep ends now, and what it was is told for each', async () => {
  await remind('invoice_2')
  await knock.cancelNotify('payment-reminder', 'invoice_2', { recipients: ['user_2'] })
  const sent = await knock.sendNow('payment-reminder', 'invoice_2')
  assert.equal(sent.status, 'applied')
  assert.deepEqual(
    sent.recipients.map(({ id, outcome, runs }) => [id, outcome, runs.length]),
    [
      ['user_1', 'sent_now', 1],
      ['user_2', 'already_canceled', 1],
    ],
  )
})

test('an error carries its code, its fields and the request id', async () => {
  await assert.rejects(knock.notify('unheard-of', { recipients: ['user_1'] }), (error) => {
    assert.ok(error instanceof BelayError)
    assert.equal(error.status, 404)
    assert.equal(error.code, 'workflow_missing')
    assert.match(error.requestId ?? '', /^[0-9a-f-]{36}$/)
    return true
  })
  await assert.rejects(knock.notify('try-me', { recipients: [] }), (error) => {
    assert.ok(error instanceof BelayError)
    assert.equal(error.errors[0]?.field, 'recipients')
    return true
  })
})

test('an answer that was lost is asked for again with the same Idempotency-Key', async () => {
  const keys: (string | undefined)[] = []
  const flaky = createServer((request, response) => {
    keys.push(request.headers['idempotency-key'] as string | undefined)
    if (keys.length === 1) request.socket.destroy()
    else if (keys.length === 2) response.writeHead(503, { 'retry-after': '1' }).end('{}')
    else response.end('{"workflow_run_id":"1"}')
  }).listen(0, '127.0.0.1')
  try {
    await new Promise((resolve) => flaky.once('listening', resolve))
    const { port } = flaky.address() as AddressInfo
    const client = new Belay({ apiKey: SECRET_KEY, baseUrl: `http://127.0.0.1:${port}` })
    await client.notify('try-me', { recipients: ['user_1'] })
    assert.equal(keys.length, 3)
    assert.equal(new Set(keys).size, 1)
  } finally {
    flaky.close()
    flaky.closeAllConnections()
  }
})
