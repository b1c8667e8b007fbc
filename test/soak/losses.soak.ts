import { Client, Connection } from '@temporalio/client'
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { delayStep, feedStep, httpStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { Operated } from '../../testing/product/operated.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import { freePort } from '../../testing/servers/ports.ts'

/** Nothing that should not come comes later than this after the rest. */
const LATE_MS = 5_000

interface Loss {
  /** What happens to the operator, and what they do about it before they call the doctor. */
  happens: (operated: Operated, backup: string) => Promise<void>
  /** A line of the doctor's for each difference. */
  says: RegExp[]
  /** Is there once api and worker are started again, without the doctor. */
  healsByItself?: true
  /** Lost are what came after the backup: the trigger for gus, the cancel for carl. */
  isBehind?: true
}

const inTemporal = async (operated: Operated, work: (client: Client) => Promise<unknown>) => {
  const connection = await Connection.connect({ address: operated.env['TEMPORAL_ADDRESS']! })
  const namespace = operated.env['TEMPORAL_NAMESPACE']!
  await work(new Client({ connection, namespace })).finally(() => connection.close())
}
const remove = (operated: Operated) => rmSync(dirname(operated.dbFile), { recursive: true, force: true })
const emptyTemporal = async (operated: Operated) => {
  await operated.stopTemporal()
  remove(operated)
  operated.dbFile = join(temporaryFolder(), 'temporal.db')
  await operated.startTemporal()
}
const restore = async (operated: Operated, backup: string) => {
  const restored = await operated.command('worker/restore', [backup, '--replace'])
  assert.equal(restored.code, 0, restored.output)
}
const migrate = async (operated: Operated) => {
  const migrated = await operated.command('worker/migrate')
  assert.equal(migrated.code, 0, migrated.output)
}

const losses: Record<string, Loss> = {
  'Temporal’s database is empty, while api and worker go on': {
    happens: emptyTemporal,
    says: [
      /attribute +the search attribute BelayDefinition is missing/,
      /missing +belay-housekeeping: nobody does the housekeeping/,
      /missing +belay-schedule\/[0-9a-f-]+: no Schedule of Temporal’s wakes it/,
      /missing +letter\/order: 1 asleep.*no run is open/,
      /missing +letter\/later: 1 asleep.*no run is open/,
    ],
  },
  'a run was deleted in the Web UI': {
    happens: (operated) =>
      inTemporal(operated, (client) =>
        client.workflowService.deleteWorkflowExecution({
          namespace: 'default',
          workflowExecution: { workflowId: 'letter/order' },
        }),
      ),
    says: [/missing +letter\/order: 1 asleep.*no run is open/],
  },
  'a run was terminated in the Web UI': {
    happens: (operated) =>
      inTemporal(operated, (client) => client.workflow.getHandle('letter/order').terminate('by hand')),
    says: [/missing +letter\/order: 1 asleep.*no run is open/],
  },
  'Belay’s database is restored from a backup of before some triggers and cancels': {
    async happens(operated, backup) {
      await operated.stopBelay()
      await restore(operated, backup)
      await operated.startBelay()
    },
    // The run of "order" has been told by then, since the store began a new epoch.
    says: [/left over +letter\/later: nobody sleeps; the run has 1/],
    isBehind: true,
  },
  'a move to another Temporal': {
    async happens(operated) {
      await operated.stopBelay()
      await operated.stopTemporal()
      operated.dbFile = join(temporaryFolder(), 'temporal.db')
      operated.env['TEMPORAL_ADDRESS'] = `127.0.0.1:${await freePort()}`
      await operated.startTemporal()
      await migrate(operated)
      await operated.startBelay()
    },
    says: [/missing +belay-schedule\//, /missing +letter\/order: 1 asleep/, /missing +letter\/later: 1 asleep/],
  },
  'a move to another namespace': {
    async happens(operated) {
      await operated.stopBelay()
      await inTemporal(operated, (client) =>
        client.workflowService.registerNamespace({
          namespace: 'moved',
          workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
        }),
      )
      operated.env['TEMPORAL_NAMESPACE'] = 'moved'
      await migrate(operated)
      await operated.startBelay()
    },
    says: [/missing +belay-schedule\//, /missing +letter\/order: 1 asleep/, /missing +letter\/later: 1 asleep/],
  },
  'both are lost, and the database is restored': {
    async happens(operated, backup) {
      await operated.stopBelay()
      await emptyTemporal(operated)
      await restore(operated, backup)
      await migrate(operated)
      await operated.startBelay()
    },
    says: [],
    healsByItself: true,
    isBehind: true,
  },
}

for (const [name, { happens, says, isBehind = false, healsByItself = false }] of Object.entries(losses)) {
  test(`${name}: the doctor says what is lost and mends it, nobody is sent to twice, and cancels go on holding`, async (t) => {
    const { operated, arrived, canceling } = await inUse(t)
    const backup = join(temporaryFolder(), 'belay.backup')
    const made = await operated.command('worker/backup', ['--out', backup])
    assert.equal(made.code, 0, made.output)
    const { belay } = operated
    await belay.trigger('letter', { recipients: ['gus'], cancelation_key: 'later' })
    await belay.cancel('letter', { cancelation_key: 'order', recipients: ['carl'] })
    // The run has been told of it.
    await until('the doctor finds nothing', async () => (await operated.doctor()).code === 0, 120_000)

    await happens(operated, backup)
    const found = await operated.doctor()
    t.diagnostic(found.output.replaceAll('\n', ' | '))
    assert.ok(found.code === 1 || healsByItself, found.output)
    for (const line of says) assert.match(found.output, line)
    const mended = await operated.doctor('--repair')
    t.diagnostic(mended.output.replaceAll('\n', ' | '))
    assert.equal(mended.code, 0, mended.output)
    assert.match(mended.output, /store and Temporal agree$/)
    const again = await operated.doctor()
    assert.deepEqual([again.code, again.output.split('\n').length], [0, 1], again.output)

    const pending = await belay.cancel('letter', { cancelation_key: 'order', recipients: ['ada'], dry_run: true })
    assert.equal(pending.summary.canceled, 1)
    assert.equal(
      (await belay.post<{ summary: { canceled: number } }>(`/v1/workflow_runs/${canceling}/cancel`, {})).summary
        .canceled,
      1,
    )
    for (const cancelation_key of ['order', 'later'])
      await belay.post('/v1/workflows/letter/send_now', { cancelation_key })
    const expected = isBehind ? ['ada', 'carl'] : ['ada', 'gus']
    await until('whoever is left has it', () => expected.every((who) => arrived(who) > 0), 120_000)
    await wait(LATE_MS)
    const all = Object.fromEntries(['ada', 'bob', 'carl', 'dora', 'gus'].map((who) => [who, arrived(who)]))
    assert.deepEqual(all, { ada: 1, bob: 0, carl: isBehind ? 1 : 0, dora: 0, gus: isBehind ? 0 : 1 })
    const left = await operated.doctor()
    assert.equal(left.code, 0, left.output)
  })
}

/** Belay with people asleep in it, one of whom was canceled, and a schedule. */
async function inUse(t: TestContext) {
  const receiver = await httpReceiver()
  t.after(() => receiver.close())
  const letter = workflow(
    feedStep('now'),
    delayStep('wait', 30, 'days'),
    httpStep('hook', receiver.url, '{{ recipient.id }}'),
  )
  const operated = await Operated.start(t, notificationsFolder({ 'letter/workflow.json': letter }))
  const { belay } = operated
  await belay.trigger('letter', { recipients: ['ada', 'bob', 'carl'], cancelation_key: 'order' })
  const { workflow_run_id: canceling } = await belay.trigger('letter', { recipients: ['dora'] })
  await belay.request('POST', '/v1/schedules', {
    workflow: 'letter',
    recipients: ['fred'],
    repeats: [{ frequency: 'monthly', day_of_month: 1, hours: 9 }],
  })
  const hasFirst = async (who: string) => (await belay.feed(who)).length === 1
  for (const who of ['ada', 'bob', 'carl', 'dora']) await until(`${who} has the first`, () => hasFirst(who), 120_000)
  await belay.cancel('letter', { cancelation_key: 'order', recipients: ['bob'] })
  const arrived = (who: string) => receiver.requests.filter(({ body }) => body === who).length
  return { operated, arrived, canceling }
}

test('a wrong namespace or database: the doctor says which, and touches nothing', async (t) => {
  const { operated } = await inUse(t)
  const command = operated.command.bind(operated)
  const none = await command('worker/doctor', [], { TEMPORAL_NAMESPACE: 'no-such' })
  t.diagnostic(none.output)
  assert.equal(none.code, 2)
  assert.match(none.output, /TEMPORAL_NAMESPACE.*no-such/)
  const nobody = await command('worker/doctor', [], { TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` })
  t.diagnostic(nobody.output)
  assert.equal(nobody.code, 2)
  assert.match(nobody.output, /TEMPORAL_ADDRESS/)
  const empty = new URL(operated.env['DATABASE_URL']!)
  empty.pathname = 'postgres'
  const tables = await command('worker/doctor', ['--repair'], { DATABASE_URL: empty.href })
  t.diagnostic(tables.output)
  assert.equal(tables.code, 2)
  assert.match(tables.output, /npm run migrate/)
  const absent = new URL(operated.env['DATABASE_URL']!)
  absent.pathname = 'no_such_database'
  const missing = await command('worker/doctor', [], { DATABASE_URL: absent.href })
  t.diagnostic(missing.output)
  assert.equal(missing.code, 2)
  assert.match(missing.output, /DATABASE_URL.*no database of that name/)
  const agree = await operated.doctor()
  assert.equal(agree.code, 0, agree.output)
})
