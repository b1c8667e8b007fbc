import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { temporalCli } from '../../testing/servers/binaries.ts'
import { devServer } from '../../testing/servers/temporal.ts'
import { composeFile } from './compose-file.ts'

test('the namespace is made with its retention, and again without harm', async () => {
  const server = await devServer()
  after(() => server.teardown())
  const { entrypoint, command, environment } = composeFile().services['temporal-namespace']!
  const env = {
    ...process.env,
    ...environment,
    TEMPORAL_ADDRESS: server.address,
    CLI: await temporalCli(),
  }
  // The binary of the tests may have another name.
  const script = `temporal() { "$CLI" "$@"; }\n${command![0]!}`
  for (let time = 1; time <= 2; time += 1) {
    const child = spawn(entrypoint![0]!, [entrypoint![1]!, script], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    const said = text(child.stderr)
    const [code] = (await once(child, 'exit')) as [number]
    assert.equal(code, 0, await said)
  }
  const { config } = await server.connection.workflowService.describeNamespace({ namespace: 'belay' })
  assert.equal(Number(config!.workflowExecutionRetentionTtl!.seconds), 30 * 24 * 60 * 60)
})
