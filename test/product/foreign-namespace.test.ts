import { Client, Connection } from '@temporalio/client'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeIdentity } from '../../store/environment/store-identity.ts'
import { openPostgres } from '../../store/postgres/database.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { toldRun } from '../../testing/fixtures/told-run.ts'
import { until } from '../../testing/fixtures/until.ts'
import { bodies } from '../../testing/product/belay.ts'
import { startApiPart, startParts, startWorkerPart } from '../../testing/product/parts.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { proxyTo } from '../../testing/servers/proxy.ts'
import { devServer } from '../../testing/servers/temporal.ts'
import type { RunView } from '../../workflows/run-view.ts'

const definitions = { 'patient/workflow.json': workflow(delayStep('wait', 30, 'days'), feedStep('later')) }

interface Ready {
  status: string
  temporal: string
  warnings?: string[]
}

test('staging that was given the namespace of production does not start in it, and tells its runs nothing', async (t) => {
  const server = await devServer()
  const proxy = await proxyTo(Number(server.address.split(':')[1]))
  const connection = await Connection.connect({ address: server.address })
  const [ours, theirs] = [await testPostgres(), await testPostgres()]
  t.after(async () => {
    await connection.close()
    await proxy.close()
    await server.teardown()
    await ours.drop()
    await theirs.drop()
  })
  const client = new Client({ connection, namespace: 'default' })
  const notifications = notificationsFolder(definitions)
  const production = await startParts({ notifications, database: ours.url, address: server.address })
  t.after(() => production.stop())
  const { id } = await storeIdentity(production.store.db)
  const trigger = { recipients: ['ada'], cancelation_key: 'order' }
  await production.belay.trigger('patient', trigger)
  const view = async () => (await toldRun(client, 'patient/order')).query<RunView>('state')
  await until('the run knows', async () => (await view()).pending === 1)

  const staging = { notifications, database: theirs.url, address: server.address }
  const refusal = new RegExp(`TEMPORAL_NAMESPACE.*default belongs to another deployment.*${id}`)
  await t.test('migrate, worker and api are refused, each with the setting to mend', async () => {
    await assert.rejects(startParts(staging), refusal)
    await assert.rejects(startWorkerPart(staging), refusal)
    await assert.rejects(startApiPart(staging), refusal)
    const store = openPostgres(theirs.url)
    assert.notEqual((await storeIdentity(store.db)).id, id)
    await store.close()
  })

  await t.test('an api that started while Temporal was away accepts, and tells nothing once it is back', async (tt) => {
    proxy.vanish()
    const api = await startApiPart({ ...staging, address: `127.0.0.1:${proxy.port}` })
    tt.after(() => api.stop())
    await api.belay.trigger('patient', { ...trigger, recipients: ['ada', 'eve'] })
    await api.belay.trigger('patient', { recipients: ['eve'], cancelation_key: 'staging' })
    proxy.heal()
    const warned = await until(
      'it says what is wrong',
      async () => {
        const { body } = await api.belay.request<Ready>('GET', '/readyz')
        return body.warnings?.find((warning) => /belongs to another deployment/.test(warning))
      },
      120_000,
    )
    assert.match(warned, new RegExp(id))
    await api.belay.trigger('patient', { recipients: ['eve'], cancelation_key: 'later' })
    const verdict = await api.belay.cancel('patient', { cancelation_key: 'order' })
    assert.equal(verdict.summary.canceled, 2)
    assert.deepEqual([(await view()).pending, (await view()).canceled], [1, 0])
    for (const workflowId of ['patient/staging', 'patient/later']) {
      await assert.rejects(client.workflow.getHandle(workflowId).describe(), /not found/i)
    }
  })

  await t.test('production goes on', async () => {
    await production.belay.request('POST', '/v1/workflows/patient/send_now', { cancelation_key: 'order' })
    await until('ada has it', async () => bodies(await production.belay.feed('ada')).includes('later'))
    assert.deepEqual(bodies(await production.belay.feed('eve')), [])
  })
})
