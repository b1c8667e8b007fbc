import { Client, Connection } from '@temporalio/client'
import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeIdentity } from '../../store/environment/store-identity.ts'
import { pino } from 'pino'
import { openPostgres, query } from '../../store/postgres/database.ts'
import { examine } from '../../temporal/doctor/doctor.ts'
import { HOUSEKEEPING_ID, readMark } from '../../temporal/deployment.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { toldRun } from '../../testing/fixtures/told-run.ts'
import { until } from '../../testing/fixtures/until.ts'
import { bodies } from '../../testing/product/belay.ts'
import { startParts } from '../../testing/product/parts.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { devServer } from '../../testing/servers/temporal.ts'
import { HOUSEKEEPING } from '../../workflows/names.ts'
import type { RunView } from '../../workflows/run-view.ts'

const definitions = {
  'patient/workflow.json': workflow(delayStep('wait', 30, 'days'), feedStep('later')),
  'soon/workflow.json': workflow(delayStep('wait', 2, 'seconds'), feedStep('moment')),
}

test('a database restored to before some triggers: the runs follow it, and none acts on what it knew', async (t) => {
  const database = await testPostgres()
  t.after(() => database.drop())
  const server = await devServer()
  const connection = await Connection.connect({ address: server.address })
  t.after(async () => {
    await connection.close()
    await server.teardown()
  })
  const client = new Client({ connection, namespace: 'default' })
  const place = { notifications: notificationsFolder(definitions), address: server.address }
  const view = async (workflowId: string) => (await toldRun(client, workflowId)).query<RunView>('state')

  // Before the backup: ada and bob wait.
  let parts = await startParts({ ...place, database: database.url })
  t.after(() => parts.stop())
  await parts.belay.trigger('patient', { recipients: ['ada', 'bob'], cancelation_key: 'before' })
  await until('the run knows', async () => (await view('patient/before')).pending === 2)
  const monthly = (hours: number) => [{ frequency: 'monthly', day_of_month: 1, hours }]
  const { body: made } = await parts.belay.request<{ id: string }[]>('POST', '/v1/schedules', {
    workflow: 'patient',
    recipients: ['fred'],
    repeats: monthly(9),
  })
  const schedule = client.schedule.getHandle(`belay-schedule/${made[0]!.id}`)
  const hour = async () => JSON.stringify((await schedule.describe().catch(() => undefined))?.spec.calendars?.[0]?.hour)
  const atNine = await until('Temporal knows the schedule', hour)
  const { id } = await storeIdentity(parts.store.db)
  await parts.stop()
  const backup = await database.copy()
  parts = await startParts({ ...place, database: database.url })
  t.after(() => backup.drop())

  // After it: bob is canceled, and others come. The store counts on, and Temporal knows.
  await parts.belay.cancel('patient', { cancelation_key: 'before', recipients: ['bob'] })
  await until('the run knows', async () => (await view('patient/before')).canceled === 1)
  await parts.belay.request('PUT', '/v1/schedules', { schedule_ids: [made[0]!.id], repeats: monthly(10) })
  await until('Temporal knows of ten', async () => (await hour()) !== atNine)
  await parts.belay.trigger('patient', { recipients: ['yan', 'zoe'], cancelation_key: 'after' })
  await until('the run knows', async () => (await view('patient/after')).pending === 2)
  const newest = async () =>
    (await query<{ id: number }>(parts.store.db, sql`select max(id)::float8 as id from triggers`))[0]!.id
  const lost = await newest()
  await parts.store.db.execute(sql`update environment set counted_at = null`)
  await client.workflow.getHandle(HOUSEKEEPING_ID).terminate('its next round begins now')
  await client.workflow.start(HOUSEKEEPING, { workflowId: HOUSEKEEPING_ID, taskQueue: 'belay' })
  await until('the mark is ahead of the backup', async () => ((await readMark(client))?.mark.counter ?? 0) > 1)
  await parts.stop()

  // The backup takes the database's place.
  const behind = openPostgres(backup.url)
  const log = pino({ level: 'silent' })
  const where = { connection, namespace: 'default', taskQueue: 'belay', keys: new Map() }
  const options = { ...where, db: behind.db, now: Date.now, log }
  const { findings } = await examine({ ...options, say: () => undefined })
  await behind.close()
  assert.ok(findings.some(({ kind }) => kind === 'restored'))
  parts = await startParts({ ...place, database: backup.url })
  assert.deepEqual(await storeIdentity(parts.store.db), { id, epoch: 2 })
  await until('the run reads of bob again', async () => (await view('patient/before')).pending === 2, 120_000)

  await parts.belay.trigger('patient', { recipients: ['carl'], cancelation_key: 'after' })
  assert.ok((await newest()) > lost + 1_000_000, 'no id is given out twice')
  await until('a run that was opened after the backup knows only what the store does', async () => {
    const { pending, store } = await view('patient/after')
    return pending === 1 && store.epoch === 2
  })
  for (const cancelation_key of ['before', 'after']) {
    await parts.belay.request('POST', '/v1/workflows/patient/send_now', { cancelation_key })
  }
  await parts.belay.trigger('soon', { recipients: ['dora'] })
  const feedOf = async (user: string) => bodies(await parts.belay.feed(user))
  await until('who waits has it', async () => {
    const feeds = await Promise.all(['ada', 'bob', 'carl', 'dora'].map(feedOf))
    return feeds.every(({ length }) => length > 0)
  })
  for (const user of ['ada', 'bob', 'carl']) assert.deepEqual(await feedOf(user), ['later'], user)
  for (const user of ['yan', 'zoe']) assert.deepEqual(await feedOf(user), [], user)
  await until(
    'Temporal wakes the schedule at nine, as the backup has it',
    async () => (await hour()) === atNine,
    120_000,
  )
  for (const workflowId of ['patient/before', 'patient/after']) await client.workflow.getHandle(workflowId).result()
})
