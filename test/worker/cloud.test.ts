import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { addSearchAttributes } from '../../temporal/search-attributes.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { runScript } from '../../testing/servers/process.ts'
import { refusingTemporal } from '../../testing/servers/refusing-temporal.ts'
import { devServer } from '../../testing/servers/temporal.ts'

const main = (name: string) => fileURLToPath(new URL(`../../worker/${name}-main.ts`, import.meta.url))
/** PERMISSION_DENIED and UNAUTHENTICATED, as Temporal Cloud says them. */
const denied = { status: 7, message: 'Request unauthorized.' }
const unknown = { status: 16, message: 'Jwt is missing' }

test('an account that may make no search attributes is told at once which to make, and uses those there are', async (t) => {
  const temporal = await devServer()
  t.after(() => temporal.teardown())
  const database = await testPostgres()
  t.after(() => database.drop())
  const cloud = await refusingTemporal(temporal.address, (path) =>
    path.includes('.operatorservice.') ? denied : undefined,
  )
  t.after(() => cloud.close())
  const run = async (name: string, address = cloud.address) => {
    const script = runScript(main(name), [], { DATABASE_URL: database.url, TEMPORAL_ADDRESS: address })
    return { code: await script.ended, output: script.output().trim() }
  }

  const lacking = await run('migrate')
  assert.equal(lacking.code, 1, lacking.output)
  const names = ['Definition=Keyword', 'CancelationKey=Keyword', 'Triggers=KeywordList', 'Pending=Int', 'Sent=Int']
  for (const name of [...names, 'Canceled=Int']) assert.match(lacking.output, new RegExp(`"Belay${name}"`))
  assert.match(lacking.output, /The namespace default lacks search attributes, and this account may not make them/)
  assert.deepEqual(cloud.refused, ['ListSearchAttributes', 'AddSearchAttributes'], 'each was asked for once')
  const differs = await run('doctor')
  assert.match(differs.output, /attribute +the search attribute BelayPending is missing/)

  await addSearchAttributes(temporal.connection, 'default')
  const made = await run('migrate')
  assert.equal(made.code, 0, made.output)
  const agrees = await run('doctor')
  assert.deepEqual([agrees.code, agrees.output], [0, '0 runs with somebody asleep; store and Temporal agree'])

  const closed = await refusingTemporal(temporal.address, () => unknown)
  t.after(() => closed.close())
  const refused = await run('migrate', closed.address)
  assert.equal(refused.code, 1)
  assert.match(refused.output, /TEMPORAL_API_KEY: Temporal at 127\.0\.0\.1:\d+ refuses it \(.*Jwt is missing/)
})
