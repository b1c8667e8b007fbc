import { Connection } from '@temporalio/client'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { SettingsError } from '../../settings/settings.ts'
import { openClient } from '../../temporal/client.ts'
import { lookAtTemporal } from '../../temporal/look.ts'
import { registerWithTemporal } from '../../temporal/register.ts'
import { addSearchAttributes } from '../../temporal/search-attributes.ts'
import { testPglite } from '../../testing/servers/pglite.ts'
import { refusingTemporal } from '../../testing/servers/refusing-temporal.ts'
import { devServer } from '../../testing/servers/temporal.ts'
import { connectToTemporal } from '../../worker/connect-to-temporal.ts'

/** PERMISSION_DENIED and UNAUTHENTICATED, as Temporal Cloud says them. */
const denied = { status: 7, message: 'Request unauthorized.' }
const unknown = { status: 16, message: 'Jwt is missing' }
const namespace = 'default'

let temporal: Awaited<ReturnType<typeof devServer>>
before(async () => {
  temporal = await devServer()
})
after(() => temporal.teardown())

test('an account that may make no search attributes is told at once which to make, and uses those there are', async (t) => {
  const store = await testPglite()
  t.after(() => store.close())
  await store.migrate()
  const cloud = await refusingTemporal(temporal.address, (path) =>
    path.includes('.operatorservice.') ? denied : undefined,
  )
  t.after(() => cloud.close())
  const connection = await Connection.connect({ address: cloud.address })
  t.after(() => connection.close())
  const keys = new Map()
  const client = openClient({ connection, namespace, keys })
  const missing = async () => (await lookAtTemporal(client, 60_000)).missingAttributes
  const migrate = () =>
    registerWithTemporal({
      connection,
      namespace,
      db: store.db,
      log: pino({ level: 'silent' }),
      settings: { BELAY_TASK_QUEUE: 'belay', BELAY_PAYLOAD_KEYS: keys },
    })

  await assert.rejects(migrate(), (error) => {
    assert.ok(error instanceof SettingsError, String(error))
    assert.match(error.message, /^The namespace default lacks search attributes, and this account may not make them: /)
    const named = ['Definition=Keyword', 'CancelationKey=Keyword', 'Triggers=KeywordList', 'Pending=Int', 'Sent=Int']
    for (const each of [...named, 'Canceled=Int']) assert.ok(error.message.includes(`"Belay${each}"`), error.message)
    return true
  })
  assert.deepEqual(cloud.refused, ['ListSearchAttributes', 'AddSearchAttributes'], 'each was asked for once')
  assert.equal((await missing())?.length, 6)

  await addSearchAttributes(temporal.connection, namespace)
  await migrate()
  assert.deepEqual(await missing(), [])
})

test('an account that is refused altogether is told so, with what Temporal says', async (t) => {
  const closed = await refusingTemporal(temporal.address, () => unknown)
  t.after(() => closed.close())
  await assert.rejects(
    connectToTemporal({ address: closed.address }),
    /TEMPORAL_API_KEY: Temporal at 127\.0\.0\.1:\d+ refuses it \(.*Jwt is missing/,
  )
})
