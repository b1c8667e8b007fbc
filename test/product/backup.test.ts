import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { bodies } from '../../testing/product/belay.ts'
import { startParts } from '../../testing/product/parts.ts'
import { runScript } from '../../testing/servers/process.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { devServer } from '../../testing/servers/temporal.ts'

const definitions = {
  'patient/workflow.json': workflow(feedStep('now'), delayStep('wait', 30, 'days'), feedStep('later')),
}

async function command(script: string, args: string[], env: Record<string, string>) {
  const started = runScript(new URL(`../../worker/${script}-main.ts`, import.meta.url).pathname, args, env)
  return { code: await started.ended, output: started.output() }
}

for (const [lost, losesStore, losesTemporal] of [
  ['the database', true, false],
  ['Temporal', false, true],
  ['both', true, true],
] as const) {
  test(`${lost} lost, and restored from a backup: who waits is served once, cancels go on holding`, async (t) => {
    const database = await testPostgres()
    const first = await devServer()
    const notifications = notificationsFolder(definitions)
    let parts = await startParts({ notifications, database: database.url, address: first.address })
    t.after(async () => {
      await parts.stop()
      await first.teardown()
      await database.drop()
    })
    const key = { cancelation_key: 'order' }
    await parts.belay.trigger('patient', { recipients: ['ada', 'bob', 'carl'], ...key })
    const feedOf = async (user: string) => bodies(await parts.belay.feed(user))
    await until('everybody has the first', async () => {
      const feeds = await Promise.all(['ada', 'bob', 'carl'].map(feedOf))
      return feeds.every(({ length }) => length === 1)
    })
    await parts.belay.cancel('patient', { ...key, recipients: ['bob'] })

    const file = join(temporaryFolder(), 'belay.backup')
    const made = await command('backup', ['--out', file], { DATABASE_URL: database.url })
    assert.equal(made.code, 0, made.output)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    await parts.stop()

    const next = losesStore ? await testPostgres() : database
    const server = losesTemporal ? await devServer() : first
    t.after(async () => {
      if (losesStore) await next.drop()
      if (losesTemporal) await server.teardown()
    })
    if (losesStore) {
      const restored = await command('restore', [file], { DATABASE_URL: next.url })
      assert.equal(restored.code, 0, restored.output)
    }
    parts = await startParts({ notifications, database: next.url, address: server.address })
    const doctor = await command('doctor', ['--repair', '--json'], {
      DATABASE_URL: next.url,
      TEMPORAL_ADDRESS: server.address,
    })
    assert.equal(doctor.code, 0, doctor.output)

    const verdict = await parts.belay.cancel('patient', { ...key, recipients: ['carl'] })
    assert.equal(verdict.summary.canceled, 1)
    await parts.belay.request('POST', '/v1/workflows/patient/send_now', key)
    await until('ada has the second', async () => (await feedOf('ada')).length > 1)
    assert.deepEqual(await feedOf('ada'), ['later', 'now'])
    for (const user of ['bob', 'carl']) assert.deepEqual(await feedOf(user), ['now'])
    const runs = await parts.belay.recipientRuns(key)
    assert.deepEqual(runs.map(({ recipient, status }) => [recipient, status]).sort(), [
      ['ada', 'completed'],
      ['bob', 'cancelled'],
      ['carl', 'cancelled'],
    ])
  })
}

test('backup and restore say what is wrong, and leave no half of a file', async (t) => {
  const database = await testPostgres()
  t.after(() => database.drop())
  const env = { DATABASE_URL: database.url }
  const folder = temporaryFolder()
  const file = join(folder, 'belay.backup')
  assert.match((await command('backup', ['--out', file], env)).output, /holds no tables of Belay.*npm run migrate/)
  assert.equal((await command('migrate', [], { ...env, TEMPORAL_ADDRESS: '127.0.0.1:9' })).code, 1)
  writeFileSync(file, 'somebody else’s')
  assert.match((await command('backup', ['--out', file], env)).output, /is there already/)
  assert.equal(readFileSync(file, 'utf8'), 'somebody else’s')
  assert.ok(!existsSync(`${file}.part`))
  assert.match((await command('restore', [file], env)).output, /cut off or damaged/)
  assert.match((await command('restore', [join(folder, 'none')], env)).output, /there is no file/)
  assert.match((await command('backup', [], env)).output, /--out is needed\nUsage: npm run backup/)
  assert.match((await command('restore', [], env)).output, /one file is needed\nUsage: npm run restore/)
})
