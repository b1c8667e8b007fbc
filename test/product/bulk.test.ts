import Knock from 'knock-node-1'
import assert from 'node:assert/strict'
import { sql } from 'drizzle-orm'
import { test } from 'node:test'
import { openPostgres } from '../../store/postgres/database.ts'
import { HOUSEKEEPING_ID } from '../../temporal/deployment.ts'
import { HOUSEKEEPING } from '../../workflows/names.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { SECRET_KEY } from '../../testing/product/api-server.ts'
import { startProduct } from '../../testing/product/product.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'

test('bulk operations', async (t) => {
  const database = await testPostgres()
  const store = openPostgres(database.url)
  t.after(async () => {
    await store.close()
    await database.drop()
  })
  const notifications = notificationsFolder({ 'letter/workflow.json': workflow(feedStep('now')) })
  const product = await startProduct(t, { notifications, env: { DATABASE_URL: database.url } })
  const { belay, temporal } = product
  const knock = new Knock({ apiKey: SECRET_KEY, baseURL: belay.url })
  const completed = (id: string) =>
    until('it is completed', async () => (await knock.bulkOperations.get(id)).status === 'completed')

  await t.test('all of a feed are marked as read by a workflow', async () => {
    await belay.trigger('letter', { recipients: ['ada', 'bob'] })
    await until('they have it', async () => (await belay.messages()).length === 2)
    const [message] = await belay.messages()
    const begun = await knock.channels.bulk.updateMessageStatus(message!.channel_id, 'read', { recipient_ids: ['ada'] })
    await completed(begun.id)
    const handle = temporal.workflow.getHandle(`belay-bulk/${begun.id}`)
    await until('its execution is over', async () => (await handle.describe()).status.name === 'COMPLETED')
    const read = (await belay.messages()).filter(({ read_at }) => read_at !== null)
    assert.deepEqual(
      read.map(({ recipient }) => recipient),
      ['ada'],
    )
  })

  await t.test('one whose workflow was ended from outside is carried on by housekeeping', async () => {
    const users = Array.from({ length: 60 }, (_, i) => ({ id: `u${i}` }))
    const begun = await knock.users.bulk.identify({ users })
    await completed(begun.id)
    // As if the worker had died after its first chunk, and its execution had been terminated.
    await store.db.execute(sql`delete from users where id >= 'u5'`)
    await store.db
      .execute(sql`update bulk_operations set completed_at = null, processed = 50, position = '{"next": 50}',
      updated_at = updated_at - interval '1 minute' where id = ${begun.id}::uuid`)
    await temporal.workflow.getHandle(HOUSEKEEPING_ID).terminate('by hand')
    await temporal.workflow.start(HOUSEKEEPING, { workflowId: HOUSEKEEPING_ID, taskQueue: 'belay' })
    await completed(begun.id)
    assert.equal((await knock.users.get('u59')).id, 'u59')
    assert.equal((await knock.bulkOperations.get(begun.id)).processed_rows, 60)
  })
})
