import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openDataFolder } from '../../embedded/data-folder.ts'
import { openPostgres } from '../../store/postgres/database.ts'
import { startApi, PUBLIC_KEY, SECRET_KEY, type ApiServer } from '../../testing/product/api-server.ts'
import { catalog } from '../../testing/fixtures/seed.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { runScript } from '../../testing/servers/process.ts'
import { until } from '../../testing/fixtures/until.ts'

const main = fileURLToPath(new URL('../../embedded/keys/main.ts', import.meta.url))

let folder: string
before(() => {
  folder = temporaryFolder()
})

/** What the command says, and its exit code. */
async function keys(args: string, env: NodeJS.ProcessEnv): Promise<[number | string | null, string]> {
  const none = { DATABASE_URL: '', BELAY_SECRET_KEY: '', BELAY_PUBLIC_KEY: '', BELAY_DATA_DIR: folder }
  const script = runScript(main, args.split(' '), { ...none, ...env })
  return [await script.ended, script.output().trim()]
}

const statusOf = async (api: ApiServer, key: string) => (await api.call('GET', '/v1/users', { key })).status

async function makesAndRevokes(api: ApiServer, env: NodeJS.ProcessEnv): Promise<void> {
  const [code, key] = await keys('create shop --scopes read,notify', env)
  assert.deepEqual([code, /^sk_[\w-]{32}$/.test(key)], [0, true], key)
  assert.equal(await statusOf(api, key), 200)
  const [, listed] = await keys('list', env)
  assert.match(listed, /^shop +sk_.{4}… +read,notify +made \d{4}-/)
  assert.ok(!listed.includes(key))
  assert.match((await keys('revoke shop', env))[1], /shop is revoked/)
  assert.match((await keys('list', env))[1], /revoked \d{4}-/)
  await until('it is let in no more', async () => (await statusOf(api, key)) === 401)
  assert.deepEqual(await keys('revoke other', env), [1, (await keys('revoke other', env))[1]])
}

test('on the store that DATABASE_URL names', async (t: TestContext) => {
  const database = await testPostgres()
  const api = await startApi(catalog, openPostgres(database.url))
  t.after(async () => {
    await api.close()
    await database.drop()
  })
  await makesAndRevokes(api, { DATABASE_URL: database.url })
})

test('beside npm start, through its api', async (t: TestContext) => {
  const held = await openDataFolder(folder)
  writeFileSync(join(folder, 'keys.json'), JSON.stringify({ secret_key: SECRET_KEY, public_key: PUBLIC_KEY }))
  const api = await startApi(catalog)
  t.after(async () => {
    await api.close()
    await held.release()
  })
  await makesAndRevokes(api, { PORT: new URL(api.url).port })
  const [code, said] = await keys('list', { PORT: '1' })
  assert.deepEqual([code, said.includes('HOST and PORT')], [1, true], said)
})

test('on the data folder while nothing runs, also before the first start', async () => {
  const [code, key] = await keys('create cron --scopes notify', {})
  assert.deepEqual([code, key.startsWith('sk_')], [0, true], key)
  assert.match((await keys('list', {}))[1], /^cron /)
})

test('what is wrong is told before anything is opened', async () => {
  const cases: [args: string, says: RegExp][] = [
    ['create', /usage/],
    ['create shop', /--scopes is missing/],
    ['create shop --scopes write', /--scopes must be some of read,notify,admin/],
    ['create Shop --scopes read', /the name must be small letters/],
    ['list all', /usage/],
    ['create shop --scope read', /--scope/],
  ]
  for (const [args, says] of cases) {
    const [code, said] = await keys(args, { DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' })
    assert.equal(code, 1)
    assert.match(said, says)
  }
})
