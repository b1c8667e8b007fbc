import { Client } from '@temporalio/client'
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { pino } from 'pino'
import { openConnection } from '../../temporal/connection.ts'
import { TemporalLink } from '../../temporal/temporal-link.ts'
import { until } from '../../testing/fixtures/until.ts'
import { proxyTo } from '../../testing/servers/proxy.ts'
import { devServer } from '../../testing/servers/temporal.ts'

/** Five seconds by design; the rest is for a busy machine. */
const BACK_WITHIN_MS = 50_000

async function behindProxy(t: TestContext) {
  const server = await devServer()
  const proxy = await proxyTo(Number(server.address.split(':')[1]))
  const { connection, renew, close } = openConnection({ address: `127.0.0.1:${proxy.port}` })
  const client = new Client({ connection, namespace: 'default' })
  let back = 0
  const log = pino({ level: 'silent' })
  const link = new TemporalLink({ client, taskQueue: 'belay', log, renew, onBack: () => (back += 1) })
  t.after(async () => {
    await link.close()
    await close()
    await proxy.close()
    await server.teardown()
  })
  await link.start()
  assert.equal(link.status().server, 'ok')
  return { link, client, proxy, timesBack: () => back }
}

test('a Temporal that vanishes without a word is known to be away, and is found again some seconds after it is back', async (t) => {
  const { link, client, proxy, timesBack } = await behindProxy(t)
  proxy.vanish()
  await until('known to be away', () => link.away)
  // Connection attempts hang meanwhile: they are taken, and nobody answers.
  await wait(8_000)
  assert.ok(link.away)
  proxy.heal()
  const healed = performance.now()
  await until('found again', () => !link.away, BACK_WITHIN_MS)
  assert.ok(performance.now() - healed < BACK_WITHIN_MS)
  assert.equal(timesBack(), 2)
  await client.workflowService.getSystemInfo({})
})

test('a Temporal that moved in silence is reached at its new place, while the old connections hang', async (t) => {
  const { link, client, proxy } = await behindProxy(t)
  proxy.silence()
  await until('known to be away', () => link.away)
  await until('found again', () => !link.away, BACK_WITHIN_MS)
  await client.workflowService.getSystemInfo({})
})
