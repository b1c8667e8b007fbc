import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { formerRelease } from '../../testing/fixtures/former-release.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { keepFigures } from '../../testing/fixtures/reliability-page.ts'
import { delayStep, feedStep, httpStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { PUBLIC_KEY, SECRET_KEY } from '../../testing/product/api-server.ts'
import { Belay } from '../../testing/product/belay.ts'
import { UpgradeLoad } from '../../testing/product/upgrade-load.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import { freePort } from '../../testing/servers/ports.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { runScript, type Script } from '../../testing/servers/process.ts'
import { devServer } from '../../testing/servers/temporal.ts'

/** How many changes of the store lie between the release that serves and the one that takes over. */
const MIGRATIONS = Number(process.env['UPGRADE_MIGRATIONS'] ?? 3)
const SPELL_MS = 15_000
const PER_SECOND = 10
const today = fileURLToPath(new URL('../../', import.meta.url))

test('an upgrade over changes of the store, while processes of the former release serve: nothing lost, no call refused', async (t) => {
  const former = formerRelease(MIGRATIONS)
  if ('missing' in former) return t.skip(former.missing)
  const receiver = await httpReceiver()
  t.after(() => receiver.close())
  const temporal = await devServer({ extraArgs: ['--log-level', 'never'] })
  t.after(() => temporal.teardown())
  const database = await testPostgres()
  t.after(() => database.drop())
  const env = {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporal.address,
    BELAY_SECRET_KEY: SECRET_KEY,
    BELAY_PUBLIC_KEY: PUBLIC_KEY,
    BELAY_HTTP_ALLOW_PRIVATE: 'true',
    BELAY_NOTIFICATIONS_DIR: notificationsFolder({
      'letter/workflow.json': workflow(
        feedStep('now'),
        delayStep('wait', 20),
        httpStep('hook', receiver.url, '{{ data.n }}'),
      ),
    }),
    LOG_LEVEL: 'info',
  }
  const start = (folder: string, file: string, more = {}) => startIn(t, folder, file, { ...env, ...more })
  const migrate = async (folder: string) => {
    const migration = start(folder, 'worker/migrate-main.ts')
    assert.equal(await migration.ended, 0, migration.output())
  }
  const ports = [await freePort(), await freePort()] as const
  let port = ports[0]
  const belay = new Belay(() => `http://127.0.0.1:${port}`, SECRET_KEY)

  await migrate(former.folder)
  const oldApi = start(former.folder, 'api/main.ts', { PORT: String(ports[0]) })
  const oldWorker = start(former.folder, 'worker/main.ts')
  await Promise.all([oldApi.says('api listens'), oldWorker.says('worker polls')])
  const load = new UpgradeLoad(belay, PER_SECOND)
  await wait(SPELL_MS)
  const begun = performance.now()
  await migrate(today)
  const migrated = performance.now() - begun
  await wait(SPELL_MS)
  assert.deepEqual(load.refused, [], 'processes of the former release go on serving with the new tables')

  const newWorker = start(today, 'worker/main.ts')
  await newWorker.says('worker polls')
  oldWorker.kill('SIGTERM')
  assert.equal(await oldWorker.ended, 0, oldWorker.output())
  await wait(SPELL_MS)
  const newApi = start(today, 'api/main.ts', { PORT: String(ports[1]) })
  await newApi.says('api listens')
  port = ports[1]
  // What was asked of the old one is answered by it.
  await wait(1_000)
  oldApi.kill('SIGTERM')
  assert.equal(await oldApi.ended, 0, oldApi.output())
  await wait(SPELL_MS)
  await load.stop()

  const isServed = async () =>
    (
      await belay.get<{ items: unknown[] }>(
        '/v1/workflow_recipient_runs?status[]=queued&status[]=processing&status[]=paused',
      )
    ).items.length === 0
  await until('nothing is pending', isServed, 240_000)
  await wait(2_000)
  assert.deepEqual(load.refused, [])
  assert.deepEqual(load.judge(receiver.requests), [])
  await keepFigures('An upgrade while the former release serves', {
    'from, and changes of the store in between': `${former.commit}, ${former.migrations.length}`,
    'triggers, of them canceled': `${load.triggered}, ${load.canceled}`,
    'calls answered otherwise than 200': String(load.refused.length),
    'until the tables were changed, the start of the process included': `${(migrated / 1_000).toFixed(1)} s`,
  })
})

function startIn(t: TestContext, folder: string, file: string, env: NodeJS.ProcessEnv): Script {
  const started = runScript(join(folder, file), [], env)
  t.after(async () => {
    started.kill('SIGKILL')
    await started.ended
  })
  return started
}
