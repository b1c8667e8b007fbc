import { Connection } from '@temporalio/client'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test } from 'node:test'
import { pino } from 'pino'
import { startApi } from '../../api/http/server.ts'
import { readSettings } from '../../settings/settings.ts'
import { freePort } from '../../testing/servers/ports.ts'
import { PUBLIC_KEY, SECRET_KEY } from '../../testing/product/api-server.ts'
import { hostClock } from '../../testing/fixtures/host-clock.ts'
import { catalog } from '../../testing/fixtures/seed.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

test('an api looks for Temporal before it lets anybody in, and starts within about two seconds if that says nothing', async (t) => {
  const sockets = new Set<Socket>()
  const silent = createServer((socket) => sockets.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const store = await testPglite()
  const connection = Connection.lazy({ address: `127.0.0.1:${(silent.address() as AddressInfo).port}` })
  await store.migrate()
  const port = await freePort()
  const settings = readSettings({ PORT: String(port), BELAY_SECRET_KEY: SECRET_KEY, BELAY_PUBLIC_KEY: PUBLIC_KEY })
  const log = pino({ level: 'silent' })
  const begun = performance.now()
  const starting = startApi({ settings, store, clock: hostClock, connection, namespace: 'default', catalog, log })
  t.after(async () => {
    await (await starting).close()
    await connection.close()
    for (const socket of sockets) socket.destroy()
    silent.close()
    await store.close()
  })
  await once(silent, 'connection')
  await assert.rejects(fetch(`http://127.0.0.1:${port}/readyz`), 'it listens while it looks')
  const api = await starting
  const took = performance.now() - begun
  assert.ok(took < 15_000, `took ${took} ms`)
  const ready = await fetch(`${api.url}/readyz`)
  assert.deepEqual([ready.status, await ready.json()], [200, { store: 'ok', temporal: 'away', worker: 'away' }])
})

test('an address that cannot be listened on ends the start with the setting to change', async (t) => {
  const store = await testPglite()
  const connection = Connection.lazy({ address: '127.0.0.1:9' })
  t.after(async () => {
    await connection.close()
    await store.close()
  })
  await store.migrate()
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const log = pino({ level: 'silent' })
  const start = (env: NodeJS.ProcessEnv) =>
    startApi({ settings: readSettings(env), store, clock: hostClock, connection, namespace: 'default', catalog, log })
  await assert.rejects(start({ PORT: String(port) }), {
    name: 'SettingsError',
    message: `PORT: port ${port} on 127.0.0.1 is in use; set PORT to another`,
  })
  await assert.rejects(start({ HOST: '192.0.2.1', PORT: '0' }), /^SettingsError: HOST: 192\.0\.2\.1 is no address/)
})
