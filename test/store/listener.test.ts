import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import test, { type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { StoreClient } from '../../store/postgres/client.ts'
import { listenTo } from '../../store/postgres/listener.ts'
import { until } from '../../testing/fixtures/until.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { proxyTo } from '../../testing/servers/proxy.ts'

const listener = { told: () => undefined, missed: () => undefined }
const CHANNEL = 'listener_test'
/** Far above what any of this takes. */
const SOON_MS = 30_000

/** Rejects where `work` is still under way by then: what hangs would hold up the whole run. */
async function settled(work: Promise<unknown>): Promise<void> {
  const over = new AbortController()
  const late = wait(SOON_MS, undefined, { signal: over.signal }).then(
    () => assert.fail(`not within ${SOON_MS} ms`),
    () => undefined,
  )
  await Promise.race([work, late])
  over.abort()
}

/** Takes connections and says nothing, as Postgres does while it starts or is too busy. */
async function silentServer(t: TestContext): Promise<{ url: string; taken: () => number }> {
  const taken: Socket[] = []
  const server = createServer((socket) => taken.push(socket.on('error', () => undefined).resume()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of taken) socket.destroy()
    server.close()
  })
  return {
    url: `postgres://postgres@127.0.0.1:${(server.address() as AddressInfo).port}/none`,
    taken: () => taken.length,
  }
}

test('a listener that is being let in is closed at once', async (t) => {
  const server = await silentServer(t)
  const listening = listenTo(server.url, CHANNEL, listener)
  await until('it asks to be let in', () => server.taken() === 1)
  await settled(listening.close())
})

test('a listener is closed at any moment of its connecting anew, whether the store is there or gone', async (t) => {
  const database = await testPostgres()
  const url = new URL(database.url)
  const proxy = await proxyTo(Number(url.port))
  url.port = String(proxy.port)
  t.after(async () => {
    await proxy.close()
    await database.drop()
  })
  for (let ms = 0; ms < 20; ms += 1) {
    const listening = listenTo(url.href, CHANNEL, listener)
    await wait(ms)
    await settled(listening.close())
  }
  proxy.refuse()
  for (let ms = 0; ms < 20; ms += 1) {
    const listening = listenTo(url.href, CHANNEL, listener)
    await wait(100 + ms)
    await settled(listening.close())
  }
})

test('whoever awaits a connection that is ended before it is let in hears of it', async (t) => {
  const server = await silentServer(t)
  const client = new StoreClient({ connectionString: server.url })
  const connected = client.connect()
  const refused = assert.rejects(connected)
  await until('it asks to be let in', () => server.taken() === 1)
  await settled(client.end())
  await settled(refused)
  await settled(client.end())
})

test('a connection that was never asked for is ended at once', async () => {
  await settled(new StoreClient({ connectionString: 'postgres://nobody@127.0.0.1:1/none' }).end())
})
