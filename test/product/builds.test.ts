import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { listBuilds, promoteBuild } from '../../temporal/builds.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { bodies } from '../../testing/product/belay.ts'
import { startParts, startWorkerPart } from '../../testing/product/parts.ts'
import { testBundle } from '../../testing/servers/bundle.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { runScript } from '../../testing/servers/process.ts'
import { devServer } from '../../testing/servers/temporal.ts'

const NOTICED_MS = 60_000
/** For a machine that is busy. */
const SLACK_MS = 60_000

/** `npm run builds -- …`, and what it said. */
async function command(address: string, ...args: string[]): Promise<string> {
  const file = new URL('../../worker/builds-main.ts', import.meta.url).pathname
  const script = runScript(file, args, { TEMPORAL_ADDRESS: address })
  assert.equal(await script.ended, 0, script.output())
  return script.output()
}

/** A release that cannot carry out anything: each of its workflow tasks fails. */
async function broken(): Promise<{ code: string }> {
  const { codePath } = await testBundle()
  const code = readFileSync(codePath, 'utf8')
  const begins = 'async function notificationRun('
  assert.ok(code.includes(begins))
  return {
    code: code.replace(
      begins,
      `async function notificationRun() { throw new TypeError('careless') }\n${begins.replace('notificationRun', 'former')}`,
    ),
  }
}

test('a broken release is noticed, and taken back by one command, and nothing is lost while it is there', async (t) => {
  const environment = await devServer()
  t.after(() => environment.teardown())
  const database = await testPostgres()
  t.after(() => database.drop())
  const { connection, address } = environment
  const notifications = notificationsFolder({
    'letter/workflow.json': workflow(feedStep('now'), delayStep('wait', 3, 'days'), feedStep('later')),
  })
  const place = { notifications, database: database.url, address }
  const builds = { connection, namespace: 'default', taskQueue: 'belay' }
  const current = async () => (await listBuilds(builds)).find(({ isCurrent }) => isCurrent)?.id

  assert.deepEqual(await listBuilds(builds), [])
  const parts = await startParts({ ...place, env: { BELAY_BUILD_ID: 'one' } })
  t.after(() => parts.stop())
  const { belay } = parts
  await promoteBuild(builds, 'one')
  assert.equal(await current(), 'one')
  const has = (user: string, count: number) =>
    until(`${user} has ${count}`, async () => (await belay.feed(user)).length === count)
  await belay.trigger('letter', { recipients: ['ada', 'bob', 'carl'], cancelation_key: 'old' })
  for (const user of ['ada', 'bob', 'carl']) await has(user, 1)

  const careless = await startWorkerPart({ ...place, env: { BELAY_BUILD_ID: 'two' }, bundle: await broken() })
  t.after(() => careless.stop())
  await promoteBuild(builds, 'two')
  const promotedAt = performance.now()
  assert.equal(await current(), 'two')
  await belay.trigger('letter', { recipients: ['dora'], cancelation_key: 'new' })
  await belay.post('/v1/workflows/letter/send_now', { cancelation_key: 'old', recipients: ['ada'] })
  const canceled = await belay.cancel('letter', { cancelation_key: 'old', recipients: ['bob'] })
  assert.equal(canceled.recipients[0]!.outcome, 'canceled')
  const isTold = async () => {
    const { body } = await belay.request<{ warnings?: string[] }>('GET', '/readyz')
    return body.warnings?.some((warning) => /runs fail again and again.*BelayRunsFail/.test(warning))
  }
  await until('/readyz tells of runs that fail', isTold, NOTICED_MS + SLACK_MS)
  t.diagnostic(`noticed ${Math.round((performance.now() - promotedAt) / 1_000)} s after it was promoted`)
  assert.deepEqual(bodies(await belay.feed('ada')), ['now'])

  assert.match(await command(address, 'list'), /^current {2}\S+ {2}two$/m)
  assert.match(await command(address, 'promote', 'one'), /all runs go on with build one/)
  assert.equal(await current(), 'one')
  await has('ada', 2)
  await has('dora', 1)
  const [late, rest] = await Promise.all([
    belay.cancel('letter', { cancelation_key: 'old' }),
    belay.cancel('letter', { cancelation_key: 'new' }),
  ])
  const outcomes = ({ recipients }: Verdict): Record<string, string> =>
    Object.fromEntries(recipients.map(({ id, outcome }): [string, string] => [JSON.stringify(id), outcome]))
  assert.deepEqual(outcomes(rest), { '"dora"': 'canceled' })
  assert.equal(outcomes(late)['"carl"'], 'canceled')
  for (const [user, count] of Object.entries({ ada: 2, bob: 1, carl: 1, dora: 1 }))
    assert.equal((await belay.feed(user)).length, count)
  await until('/readyz tells of none any more', async () => !(await isTold()), NOTICED_MS + SLACK_MS)
})

test('a build of which no worker polls cannot be promoted, and those that do are named', async (t) => {
  const environment = await devServer()
  t.after(() => environment.teardown())
  const builds = { connection: environment.connection, namespace: 'default', taskQueue: 'belay' }
  await assert.rejects(
    promoteBuild(builds, 'three', 500),
    /build three cannot be promoted .*; builds that have polled: none/,
  )
})
