import { NativeConnection } from '@temporalio/worker'
import assert from 'node:assert/strict'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pino } from 'pino'
import { readSettings } from '../../settings/settings.ts'
import { installRuntime } from '../../worker/runtime.ts'
import { keepReadyFile } from '../../worker/ready-file.ts'
import { startWorker } from '../../worker/worker.ts'
import { testBundle } from '../../testing/servers/bundle.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { devServer } from '../../testing/servers/temporal.ts'
import { hostClock } from '../../testing/fixtures/host-clock.ts'
import { until } from '../../testing/fixtures/until.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const log = pino({ level: 'silent' })

test('a ready file is fresh while its worker polls, grows old while it does not, and goes when it stops', async (t) => {
  const file = join(temporaryFolder(), 'ready')
  writeFileSync(file, 'of an earlier process')
  let polls = false
  let looks = 0
  const look = () => {
    looks += 1
    return Promise.resolve(polls)
  }
  const twice = async () => {
    const before = looks
    await until('two looks', () => looks >= before + 2)
  }
  const ready = keepReadyFile(file, look, log, 5)
  t.after(() => ready.stop())
  await twice()
  assert.ok(!existsSync(file), 'not ready before it polls')
  polls = true
  await twice()
  const { mtimeMs } = statSync(file)
  await until('it to be written again', () => statSync(file).mtimeMs > mtimeMs)
  polls = false
  await twice()
  const last = statSync(file).mtimeMs
  await twice()
  assert.equal(statSync(file).mtimeMs, last)
  ready.stop()
  assert.ok(!existsSync(file))
})

test('a ready file that cannot be written is an error that names its variable', () => {
  assert.throws(() => keepReadyFile('/nowhere/ready', () => Promise.resolve(true), log), {
    name: 'SettingsError',
    message: /^BELAY_READY_FILE: \/nowhere\/ready cannot be written \(ENOENT/,
  })
})

test('a worker polls once Temporal sees it, and not while Temporal is away or after its own stop', async (t) => {
  await installRuntime(log)
  const temporal = await devServer({ extraArgs: ['--log-level', 'never'] })
  const store = await testPglite()
  await store.migrate()
  const settings = readSettings({})
  const start = async () => {
    const connection = await NativeConnection.connect({ address: temporal.address })
    const bundle = await testBundle()
    const worker = await startWorker({
      settings,
      store,
      clock: hostClock,
      connection,
      namespace: 'default',
      log,
      bundle,
    })
    return { worker, connection }
  }
  const one = await start()
  const other = await start()
  t.after(async () => {
    await other.worker.stop()
    await other.connection.close()
    await store.close()
  })
  for (const { worker } of [one, other]) await until('the poll', () => worker.polls())
  await one.worker.stop()
  assert.equal(await one.worker.polls(), false)
  assert.equal(await other.worker.polls(), true)
  await one.connection.close()
  await temporal.teardown()
  const begun = performance.now()
  assert.equal(await other.worker.polls(), false)
  assert.ok(performance.now() - begun < 15_000, 'a check must not outlast its file, which is old after twenty seconds')
})
