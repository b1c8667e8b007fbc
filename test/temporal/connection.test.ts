import type { Connection } from '@temporalio/client'
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { openConnection } from '../../temporal/connection.ts'
import { until } from '../../testing/fixtures/until.ts'
import { proxyTo } from '../../testing/servers/proxy.ts'
import { devServer } from '../../testing/servers/temporal.ts'
import { connectToTemporal } from '../../worker/connect-to-temporal.ts'

const CANCELLED = 1

async function behindProxy(t: TestContext) {
  const server = await devServer()
  const proxy = await proxyTo(Number(server.address.split(':')[1]))
  t.after(async () => {
    await proxy.close()
    await server.teardown()
  })
  return { proxy, address: `127.0.0.1:${proxy.port}` }
}

function ask(connection: Connection) {
  return connection.withDeadline(Date.now() + 60_000, () => connection.workflowService.getSystemInfo({}))
}

test('calls under way to a Temporal that is gone fail for who made them once their connection is closed', async (t) => {
  const { proxy, address } = await behindProxy(t)
  const opened = openConnection({ address })
  const connected = await connectToTemporal({ address })
  for (const [connection, close] of [
    [opened.connection, opened.close],
    [connected, () => connected.close()],
  ] as const) {
    await ask(connection)
    proxy.refuse()
    const { connections } = proxy
    const tried = ask(connection)
    await until('it was tried once', () => proxy.connections > connections)
    const begun = ask(connection)
    await close()
    // What is thrown where nobody catches would fail this test, too.
    await Promise.all([tried, begun].map((call) => assert.rejects(call, { code: CANCELLED })))
    await assert.rejects(ask(connection), { code: CANCELLED })
    proxy.heal()
  }
})
