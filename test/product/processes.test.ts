import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { PUBLIC_KEY, SECRET_KEY } from '../../testing/product/api-server.ts'
import { Belay } from '../../testing/product/belay.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import { inLanes } from '../../testing/fixtures/lanes.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { freePort } from '../../testing/servers/ports.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { runScript, type Script } from '../../testing/servers/process.ts'
import { delayStep, feedStep, httpStep, workflow } from '../../testing/fixtures/steps.ts'
import { devServer } from '../../testing/servers/temporal.ts'
import { until } from '../../testing/fixtures/until.ts'

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const api = file('api/main.ts')
const worker = file('worker/main.ts')
const migrate = file('worker/migrate-main.ts')

const TRIGGERS = 200
const LANES = 4

const unset = { DATABASE_URL: '', BELAY_SECRET_KEY: '', BELAY_PUBLIC_KEY: '' }

function start(t: TestContext, script: string, env: NodeJS.ProcessEnv): Script {
  const started = runScript(script, [], { ...unset, ...env })
  t.after(async () => {
    started.kill('SIGKILL')
    await started.ended
  })
  return started
}

test('without what it needs, each process ends with 1 and one line that names it', async (t) => {
  const url = 'postgres://postgres@127.0.0.1:9/none'
  const cases: [script: string, env: NodeJS.ProcessEnv, name: string][] = [
    [api, { BELAY_SECRET_KEY: SECRET_KEY, BELAY_PUBLIC_KEY: PUBLIC_KEY }, 'DATABASE_URL'],
    [api, { DATABASE_URL: url, BELAY_PUBLIC_KEY: PUBLIC_KEY }, 'BELAY_SECRET_KEY'],
    [worker, {}, 'DATABASE_URL'],
    [migrate, {}, 'DATABASE_URL'],
  ]
  const processes = cases.map(([script, env, name]) => ({ name, process: start(t, script, env) }))
  for (const { name, process } of processes) {
    assert.equal(await process.ended, 1)
    assert.match(process.output(), new RegExp(`^${name} is needed[^\n]*\n$`))
  }
})

test('what a process cannot start without is named where it does not answer; Temporal an api can do without', async (t) => {
  const database = await testPostgres()
  t.after(() => database.drop())
  const keys = { BELAY_SECRET_KEY: SECRET_KEY, BELAY_PUBLIC_KEY: PUBLIC_KEY }
  const noStore = { ...keys, DATABASE_URL: 'postgres://belay:hidden@localhost:9/none' }
  const withoutStore = [api, migrate].map((script) => start(t, script, noStore))
  const noTemporal = { ...keys, DATABASE_URL: database.url, TEMPORAL_ADDRESS: '127.0.0.1:9', PORT: '0' }
  const migration = start(t, migrate, noTemporal)
  assert.equal(await migration.ended, 1)
  const [store, temporal, ...more] = migration.output().split('\n')
  assert.deepEqual([store, more], ['store: tables are up to date', ['']])
  assert.match(temporal!, /^TEMPORAL_ADDRESS: Temporal does not answer at 127\.0\.0\.1:9 \(/)
  const alone = start(t, api, { ...noTemporal, BELAY_RATE_LIMITS: '10' })
  await alone.says('BELAY_RATE_LIMITS is no setting of this version')
  await alone.says('api listens')
  alone.kill('SIGTERM')
  assert.equal(await alone.ended, 0, alone.output())
  for (const process of withoutStore) {
    assert.equal(await process.ended, 1)
    // It has waited for a minute, and said so; its last line is the reason.
    assert.match(process.output(), /(^|\n)DATABASE_URL: the database does not answer \([^\n]*ECONNREFUSED[^\n]*\n$/)
  }
})

test('two apis and two workers, one of which stops on the way: nothing lost, nothing double, no verdict untrue', async (t) => {
  const held: ServerResponse[] = []
  const receiver = await httpReceiver((response) => held.push(response))
  t.after(() => receiver.close())
  const ports = [await freePort(), await freePort()] as const
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
      'letter/workflow.json': workflow(feedStep('now'), delayStep('wait', 1, 'days'), feedStep('later')),
      'hook/workflow.json': workflow(httpStep('hook', receiver.url, '{}')),
    }),
    LOG_LEVEL: 'info',
  }
  for (let times = 0; times < 2; times += 1) {
    const migration = start(t, migrate, env)
    assert.equal(await migration.ended, 0, migration.output())
  }
  const apis = ports.map((port) => start(t, api, { ...env, PORT: String(port) }))
  const readyFile = join(temporaryFolder(), 'ready')
  const workers = [start(t, worker, { ...env, BELAY_READY_FILE: readyFile }), start(t, worker, env)] as const
  await Promise.all([
    ...apis.map((each) => each.says('api listens')),
    ...workers.map((each) => each.says('worker polls')),
  ])
  await until('the ready file', () => existsSync(readyFile), 90_000)
  const [one, other] = ports.map((port) => new Belay(() => `http://127.0.0.1:${port}`, SECRET_KEY)) as [Belay, Belay]

  await t.test(`${TRIGGERS} triggers, each canceled for one of its two recipients through the other api`, async () => {
    const verdicts = new Map<string, Verdict>()
    let next = 0
    const lane = async () => {
      for (let n = next++; n < TRIGGERS; n = next++) {
        const [triggering, canceling] = n % 2 === 0 ? [one, other] : [other, one]
        const request = { recipients: [`out-${n}`, `in-${n}`], cancelation_key: `k-${n}` }
        const { workflow_run_id: triggerId } = await triggering.trigger('letter', request)
        verdicts.set(
          triggerId,
          await canceling.cancel('letter', { cancelation_key: `k-${n}`, recipients: [`out-${n}`] }),
        )
        if (n === TRIGGERS / 2) workers[0].kill('SIGTERM')
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    assert.equal(await workers[0].ended, 0, workers[0].output())
    assert.ok(!existsSync(readyFile), 'a worker that stops is not ready')
    await until('whoever was not canceled sleeps', async () => {
      const sent = (await one.messages()).filter(({ recipient }) => (recipient as string).startsWith('in-'))
      return new Set(sent.map(({ recipient }) => recipient)).size === TRIGGERS
    })
    const keys = Array.from({ length: TRIGGERS }, (_, n) => `k-${n}`)
    await inLanes(LANES, keys, (cancelation_key) => one.post('/v1/workflows/letter/send_now', { cancelation_key }))
    const everybodyServed = async () => {
      const runs = await one.recipientRuns({ workflow: 'letter' })
      assert.equal(runs.length, 2 * TRIGGERS)
      return runs.every(({ status }) => status === 'completed' || status === 'cancelled')
    }
    await until('everybody served', everybodyServed, 120_000)
    const messages = await one.messages()
    for (const [triggerId, { recipients }] of verdicts) {
      const [{ outcome, runs }] = recipients as [Verdict['recipients'][number]]
      assert.equal(outcome, 'canceled')
      const sent = messages.filter(({ source }) => source.workflow_run_id === triggerId)
      const ofCanceled = sent.filter(({ recipient }) => recipient === recipients[0]!.id).map(({ id }) => id)
      assert.deepEqual(ofCanceled, runs[0]!.messages, 'what the verdict named as sent, and nothing else')
      const ofOther = sent.filter(({ recipient }) => recipient !== recipients[0]!.id)
      assert.deepEqual(ofOther.map(({ source }) => source.step_ref).sort(), ['later', 'now'])
    }
  })

  await t.test('a second signal does not end what is being sent, and what was sent is on record', async () => {
    const { workflow_run_id: triggerId } = await one.trigger('hook', { recipients: ['ada'] })
    await until('the request', () => held.length === 1)
    workers[1].kill('SIGTERM')
    await workers[1].says('worker stops')
    workers[1].kill('SIGTERM')
    workers[1].kill('SIGINT')
    // Time enough for a signal that nobody handles.
    await one.messages()
    held[0]!.end()
    assert.equal(await workers[1].ended, 0, workers[1].output())
    const [message] = await one.messages({ workflow_run_id: triggerId })
    assert.equal(message!.status, 'delivered')
    assert.equal(held.length, 1)
  })

  await t.test('an api without a worker goes on accepting, and ends when asked', async () => {
    await one.trigger('letter', { recipients: ['ada'], cancelation_key: 'last' })
    const { summary } = await other.cancel('letter', { cancelation_key: 'last' })
    assert.equal(summary.canceled, 1)
    for (const each of apis) {
      each.kill('SIGTERM')
      assert.equal(await each.ended, 0, each.output())
    }
  })
})
