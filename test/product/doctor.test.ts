import { Client, Connection } from '@temporalio/client'
import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { pino } from 'pino'
import { examine, repair } from '../../temporal/doctor/doctor.ts'
import { openPostgres } from '../../store/postgres/database.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { toldRun } from '../../testing/fixtures/told-run.ts'
import { until } from '../../testing/fixtures/until.ts'
import { bodies } from '../../testing/product/belay.ts'
import { startParts, type Parts } from '../../testing/product/parts.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { devServer } from '../../testing/servers/temporal.ts'
import type { RunView } from '../../workflows/run-view.ts'

const definitions = { 'patient/workflow.json': workflow(delayStep('wait', 30, 'days'), feedStep('later')) }

async function cluster(t: Pick<TestContext, 'after'>) {
  const server = await devServer()
  const connection = await Connection.connect({ address: server.address })
  t.after(async () => {
    await connection.close()
    await server.teardown()
  })
  return { address: server.address, connection, client: new Client({ connection, namespace: 'default' }) }
}

/** What the doctor says, a line each, and of how many runs. */
async function doctor(parts: Parts, connection: Connection, what: typeof examine, takeOver = false) {
  const log = pino({ level: 'silent' })
  const { db } = parts.store
  const { runs, silent, findings } = await what({
    connection,
    namespace: 'default',
    keys: new Map(),
    taskQueue: 'belay',
    db,
    now: Date.now,
    log,
    takeOver,
    say: () => undefined,
  })
  assert.equal(silent, 0)
  return { runs, found: findings.map(({ kind, workflowId = '', text }) => `${kind} ${workflowId}: ${text}`).sort() }
}

test('the doctor says what differs between store and Temporal, and makes Temporal follow the store', async (t) => {
  const database = await testPostgres()
  t.after(() => database.drop())
  const first = await cluster(t)
  const notifications = notificationsFolder(definitions)
  const place = { notifications, database: database.url }
  let parts = await startParts({ ...place, address: first.address })
  t.after(() => parts.stop())
  const { client } = first
  for (const key of ['kept', 'deleted', 'moved', 'ended']) {
    await parts.belay.trigger('patient', { recipients: ['ada', 'bob', key], cancelation_key: key })
  }
  await parts.belay.cancel('patient', { cancelation_key: 'deleted', recipients: ['bob'] })
  const pending = async (key: string) =>
    (await (await toldRun(client, `patient/${key}`)).query<{ pending: number }>('state')).pending
  await until('the runs know', async () => {
    const counts = await Promise.all(['kept', 'deleted', 'moved', 'ended'].map(pending))
    return isDeepStrictEqual(counts, [3, 2, 3, 3])
  })
  // The list follows what runs say themselves.
  const open = async () => (await client.workflow.count("WorkflowType = 'notificationRun'")).count
  await until('the runs are listed', async () => (await open()) === 4)

  const weekly = { workflow: 'patient', recipients: ['ada', 'bob'], repeats: [{ frequency: 'weekly', days: ['mon'] }] }
  const { body: schedules } = await parts.belay.request<{ id: string }[]>('POST', '/v1/schedules', weekly)
  const [once, twice] = schedules.map(({ id }) => `belay-schedule/${id}`) as [string, string]
  const isScheduled = async (id: string) =>
    client.schedule
      .getHandle(id)
      .describe()
      .then(() => true)
      .catch(() => false)
  await until('both schedules', async () => (await isScheduled(once)) && (await isScheduled(twice)))

  await t.test('nothing, where all is well', async () => {
    assert.deepEqual(await doctor(parts, first.connection, examine), { runs: 4, found: [] })
  })

  await t.test('a run that was deleted, one that knows other instants, and one that has nobody any more', async () => {
    await client.workflow.getHandle('patient/deleted').terminate('by hand')
    await client.workflowService.deleteWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: 'patient/deleted' },
    })
    const of = (key: string) => sql`r.id / 131072 in (select t.id from triggers t join runs u on u.id = t.run_id
      where u.cancelation_key = ${key})`
    await parts.store.db.execute(
      sql`update recipient_runs r set due = due + interval '1 day', revision = revision + 1 where ${of('moved')}`,
    )
    await parts.store.db.execute(sql`update recipient_runs r set status = 'ended', due = null where ${of('ended')}`)
    const { found } = await doctor(parts, first.connection, examine)
    assert.match(
      found.join('\n'),
      /^differs patient\/moved: 3 asleep.*\nleft over patient\/ended: nobody sleeps.*\nmissing patient\/deleted: 2 asleep.*no run is open$/,
    )
    assert.deepEqual((await doctor(parts, first.connection, repair)).found, [])
    assert.equal(await pending('deleted'), 2)
    assert.equal((await client.workflow.getHandle('patient/ended').describe()).status.name, 'COMPLETED')
  })

  await t.test('a schedule that Temporal lost, and one that the database has lost', async () => {
    await client.schedule.getHandle(once).delete()
    await parts.store.db.execute(sql`delete from schedules where recipient = 'bob'`)
    const { found } = await doctor(parts, first.connection, examine)
    assert.deepEqual(found, [
      `left over ${twice}: Temporal has a Schedule, and the database no such schedule`,
      `missing ${once}: no Schedule of Temporal’s wakes it: each occurrence is a minute late`,
    ])
    assert.deepEqual((await doctor(parts, first.connection, repair)).found, [])
    assert.deepEqual([await isScheduled(once), await isScheduled(twice)], [true, false])
  })

  await t.test(
    'another cluster, with nothing in it: every run is started there, and cancels go on holding',
    async (tt) => {
      await parts.stop()
      const second = await cluster(tt)
      parts = await startParts({ ...place, address: second.address })
      tt.after(() => parts.stop())
      const { found } = await doctor(parts, second.connection, examine)
      assert.equal(found.length, 4, found.join('\n'))
      assert.ok(found.every((line) => line.startsWith('missing')))
      // Before it is mended, too: the verdict is the store's.
      const verdict = await parts.belay.cancel('patient', { cancelation_key: 'kept', recipients: ['ada'] })
      assert.equal(verdict.summary.canceled, 1)
      assert.deepEqual((await doctor(parts, second.connection, repair)).found, [])
      for (const cancelation_key of ['kept', 'deleted']) {
        await parts.belay.request('POST', '/v1/workflows/patient/send_now', { cancelation_key })
      }
      await until('bob and those named after their keys have it', async () => {
        const feeds = await Promise.all(['bob', 'kept', 'deleted'].map((id) => parts.belay.feed(id)))
        return feeds.every((feed) => bodies(feed).includes('later'))
      })
      assert.deepEqual(bodies(await parts.belay.feed('bob')), ['later'], 'once: of the other run he was taken out')
      await until('both runs are over', async () => {
        const { found: open } = await doctor(parts, second.connection, examine)
        return open.length === 0
      })
      assert.deepEqual(bodies(await parts.belay.feed('ada')), ['later'], 'of one run; the other was canceled')
    },
  )
})

test('a database restored within the minute, and one that takes a namespace over: the doctor has the runs follow', async (t) => {
  const database = await testPostgres()
  const { address, connection, client } = await cluster(t)
  const notifications = notificationsFolder(definitions)
  let parts = await startParts({ notifications, database: database.url, address })
  const view = async (key: string) => (await toldRun(client, `patient/${key}`)).query<RunView>('state')
  await parts.belay.trigger('patient', { recipients: ['ada', 'bob'], cancelation_key: 'order' })
  await until('the run knows', async () => (await view('order')).pending === 2)
  await parts.stop()
  const backup = await database.copy()
  const other = await testPostgres()
  t.after(async () => {
    await parts.stop()
    for (const each of [database, backup, other]) await each.drop()
  })
  parts = await startParts({ notifications, database: database.url, address })
  await parts.belay.cancel('patient', { cancelation_key: 'order', recipients: ['bob'] })
  await until('the run knows', async () => (await view('order')).canceled === 1)
  await parts.belay.trigger('patient', { recipients: ['zoe'], cancelation_key: 'after' })
  await until('the run knows', async () => (await view('after')).pending === 1)
  await parts.stop()

  await t.test('as it was in its backup', async () => {
    parts = await startParts({ notifications, database: backup.url, address })
    const { found } = await doctor(parts, connection, examine)
    assert.match(
      found.join('\n'),
      /^differs patient\/order: 2 asleep.*the run has 1.*\nleft over patient\/after: nobody/,
    )
    assert.deepEqual(await doctor(parts, connection, repair), { runs: 1, found: [] })
    assert.equal((await view('order')).pending, 2)
    await parts.stop()
  })

  await t.test('another database: nothing is touched unless the namespace is to be taken over', async () => {
    const store = openPostgres(other.url)
    await store.migrate()
    const opened = { ...parts, store }
    const { found } = await doctor(opened, connection, examine)
    assert.match(found.join('\n'), /^foreign : the namespace default belongs to the store/)
    await assert.rejects(doctor(opened, connection, repair), /TEMPORAL_NAMESPACE/)
    assert.equal((await client.workflow.getHandle('patient/order').describe()).status.name, 'RUNNING')
    // A worker has to be there for the runs to be asked, and none starts in a namespace of another.
    await doctor(opened, connection, repair, true).catch(() => undefined)
    parts = await startParts({ notifications, database: other.url, address })
    await parts.belay.trigger('patient', { recipients: ['eve'], cancelation_key: 'order' })
    assert.match((await doctor(parts, connection, examine)).found.join('\n'), /^foreign patient\/order: 1 asleep/)
    assert.deepEqual(await doctor(parts, connection, repair, true), { runs: 1, found: [] })
    assert.deepEqual([(await view('order')).pending, (await view('order')).canceled], [1, 0])
    await store.close()
  })
})
