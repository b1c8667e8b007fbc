import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { askReceipts } from '../../activities/ask-receipts.ts'
import type { Outgoing } from '../../channels/sender.ts'
import { createSenders } from '../../channels/senders.ts'
import { noOutbox } from '../../events/outbox.ts'
import { HostList } from '../../settings/host-list.ts'
import { findChannelData, putChannelData } from '../../store/profiles/channel-data.ts'
import { upsertUsers } from '../../store/profiles/users.ts'
import type { PushContent } from '../../channels/push/content.ts'
import { query } from '../../store/postgres/database.ts'
import { sql } from 'drizzle-orm'
import { quiet, TestWorker } from '../../testing/fixtures/activities.ts'
import { accept, rowNow } from '../../testing/fixtures/recipient-runs.ts'
import { catalogOfFiles } from '../../testing/fixtures/walked.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const MINUTE = 60_000

/** What Expo says of a ticket, by its id; absent: nothing yet. Written from the reference's list of receipt errors. */
const receipts = new Map<string, object>()
const asked: string[][] = []
const answer = { status: 200 }
let tickets = 0

const expo = await httpReceiver((response, { url, body, headers }) => {
  const given = JSON.parse(body) as { to?: string; ids?: string[] }
  if (url === '/--/api/v2/push/send') {
    tickets += 1
    response.end(JSON.stringify({ data: { status: 'ok', id: `${given.to}-${tickets}` } }))
    return
  }
  assert.deepEqual([url, headers.authorization], ['/--/api/v2/push/getReceipts', 'Bearer secret'])
  asked.push(given.ids!)
  const known = given.ids!.filter((id) => receipts.has(id)).map((id) => [id, receipts.get(id)])
  response.writeHead(answer.status).end(JSON.stringify({ data: Object.fromEntries(known) as object }))
})
after(() => expo.close())
const senders = createSenders({ BELAY_HTTP_ALLOW_PRIVATE: HostList.every })
after(() => senders.close())

const push = { ref: 'push_1', type: 'channel', channel_type: 'push', channel_key: 'push', template: { title: 'Hi' } }
const settings = { api_url: expo.url, access_token: 'secret' }
const catalog = await catalogOfFiles(
  { push: { name: 'Push', steps: [push] } },
  { 'channels.json': { push: { type: 'push', provider: 'expo', settings } } },
)
const channel = catalog.channels.find(({ key }) => key === 'push')!

onEachStore(catalog, (store) => {
  /** A push that Expo took, of a recipient with one device. */
  const sent = async (token: string) => {
    const recipient = randomUUID()
    await upsertUsers(store(), [{ id: recipient, properties: {} }])
    await putChannelData(store(), [{ recipient, channels: { [channel.id]: { tokens: [token] } } }])
    const { rows, workflowId } = await accept(store(), catalog.definitions.get('push')!, randomUUID(), [recipient])
    const [row] = rows as [number]
    const worker = new TestWorker(store(), (message) => {
      const attempt = { signal: new AbortController().signal, onHandedOver: () => undefined }
      return senders.push.send(message as Outgoing<PushContent>, channel, attempt)
    })
    await worker.advance(workflowId, [row], (await rowNow(store(), row)).revision)
    await worker.deliver(workflowId, 'push/0', [row])
    const message = async () => {
      const [found] = await query<{ status: string; reason: string | null }>(
        store(),
        sql`select status, reason from messages where recipient_run_id = ${row}`,
      )
      return [found!.status, found!.reason]
    }
    return { recipient, message, ticket: `${token}-${tickets}` }
  }
  const pass = (now: number) => askReceipts({ db: store(), now: () => now, senders, outbox: noOutbox, log: quiet })
  const left = async () => (await query(store(), sql`select 1 from receipts`)).length

  test('a quarter of an hour after its ticket Expo is asked what became of it, and the message says so', async () => {
    const [good, gone, broken] = [await sent('good'), await sent('gone'), await sent('broken')]
    assert.deepEqual(await good.message(), ['sent', null])
    await pass(Date.now() + 14 * MINUTE)
    assert.deepEqual(asked, [])
    receipts.set(good.ticket, { status: 'ok' })
    receipts.set(gone.ticket, { status: 'error', message: 'x', details: { error: 'DeviceNotRegistered' } })
    receipts.set(broken.ticket, { status: 'error', message: 'no\nkey', details: { error: 'InvalidCredentials' } })
    await pass(Date.now() + 16 * MINUTE)
    assert.deepEqual(asked.splice(0), [[good.ticket, gone.ticket, broken.ticket]])
    assert.deepEqual(await good.message(), ['delivered', null])
    assert.deepEqual(await gone.message(), ['undelivered', 'DeviceNotRegistered x'])
    assert.deepEqual(await broken.message(), ['undelivered', 'InvalidCredentials no key'])
    assert.deepEqual(await findChannelData(store(), gone.recipient, channel.id), { tokens: [] })
    assert.deepEqual(await findChannelData(store(), broken.recipient, channel.id), { tokens: ['broken'] })
    await pass(Date.now() + 60 * MINUTE)
    assert.deepEqual([asked, await left()], [[], 0])
  })

  test('what Expo does not know yet, or does not answer, is asked again, ever later, and forgotten within a day', async () => {
    const { ticket, message } = await sent('late')
    let now = Date.now() + 16 * MINUTE
    answer.status = 503
    await pass(now)
    answer.status = 200
    await pass(now + 14 * MINUTE)
    assert.equal(asked.splice(0).length, 1)
    for (let times = 1; times < 7; times += 1) {
      now += 15 * MINUTE * 2 ** (times - 1)
      await pass(now)
    }
    assert.deepEqual(asked.splice(0), Array(6).fill([ticket]))
    assert.ok(now < Date.now() + 24 * 60 * MINUTE)
    await pass(now + 24 * 60 * MINUTE)
    assert.deepEqual([asked, await left(), await message()], [[], 0, ['sent', null]])
  })

  test('of many a pass asks for 300 at once, and two workers never for the same', async () => {
    const one = await sent('many')
    const [key] = await query<{ trigger: string }>(store(), sql`select recipient_run_id::text as trigger from receipts`)
    await store().execute(
      sql`insert into messages (recipient_run_id, number, step, step_ref, recipient, channel_id, channel_type, status, content,
            external_id, inserted_at, updated_at)
          select recipient_run_id, n, step, step_ref, recipient, channel_id, channel_type, status, content, 'more-' || n,
            inserted_at, updated_at
          from messages, generate_series(1, 700) as n where recipient_run_id = ${key!.trigger}::bigint and number = 0`,
    )
    await store().execute(
      sql`insert into receipts (recipient_run_id, number, due)
          select recipient_run_id, n, due from receipts, generate_series(1, 700) as n`,
    )
    for (const id of [one.ticket, ...Array.from({ length: 700 }, (_each, n) => `more-${n + 1}`)])
      receipts.set(id, { status: 'ok' })
    const now = Date.now() + 16 * MINUTE
    await Promise.all([pass(now), pass(now)])
    const all = asked.splice(0)
    assert.ok(all.every((ids) => ids.length <= 300))
    assert.deepEqual(new Set(all.flat()).size, 701)
    assert.equal(all.flat().length, 701)
    assert.equal(await left(), 0)
  })
})
