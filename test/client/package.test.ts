import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'

const home = resolve(import.meta.dirname, '../..')
const inHome = (...path: string[]) => join(home, ...path)
const app = temporaryFolder()
const installed = join(app, 'node_modules/@belay/client')
let api: ApiServer

async function run(folder: string, command: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, npm_config_cache: join(app, 'npm'), BELAY_URL: api.url, BELAY_SECRET_KEY: SECRET_KEY }
  const done = promisify(execFile)(command, args, { cwd: folder, env })
  // What was wrong is in what it wrote.
  const { stdout } = await done.catch((error: unknown) => {
    const { message, stdout } = error as Error & { stdout: string }
    return assert.fail(`${message}\n${stdout}`)
  })
  return stdout
}

before(async () => {
  api = await startApi(await readCatalog('notifications'))
  await publishCatalog(api.deps.store.db, api.deps.catalog)
  // Built in a copy: nothing is left behind here.
  const copy = temporaryFolder()
  const build = join(copy, 'client')
  cpSync(inHome('client'), build, { recursive: true, filter: (path) => !path.endsWith('dist') })
  cpSync(inHome('tsconfig.json'), join(copy, 'tsconfig.json'))
  symlinkSync(inHome('node_modules'), join(copy, 'node_modules'))
  await run(build, 'npm', 'pack', '--pack-destination', app)
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }))
  await run(app, 'npm', 'install', '--offline', '--no-audit', '--no-fund', 'belay-client-0.1.0.tgz')
})
after(() => api.close())

test('the package holds what it needs and its license, and nothing else', () => {
  assert.deepEqual(readdirSync(installed).sort(), ['LICENSE', 'README.md', 'dist', 'package.json'])
  const names = ['error', 'index', 'react', 'revocations', 'types'].flatMap((name) => [`${name}.d.ts`, `${name}.js`])
  assert.deepEqual(readdirSync(join(installed, 'dist')).sort(), names)
  assert.equal(readFileSync(join(installed, 'LICENSE'), 'utf8'), readFileSync(inHome('LICENSE'), 'utf8'))
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    dependencies?: object
  }
  assert.equal(dependencies, undefined)
})

test('installed from its tarball, it notifies and cancels, and an error is its own', async () => {
  writeFileSync(
    join(app, 'use.js'),
    `import { Belay, BelayError } from '@belay/client'
const belay = new Belay()
await belay.notify('new-user-invited', { recipients: ['ada', 'grace'], cancelationKey: 7 })
const verdict = await belay.cancelNotify('new-user-invited', 7, { recipients: ['ada'] })
const error = await belay.sendNow('never', 7).catch((error) => error)
console.log(JSON.stringify({ verdict, isOurs: error instanceof BelayError, code: error.code }))`,
  )
  const { verdict, isOurs, code } = JSON.parse(await run(app, process.execPath, 'use.js')) as {
    verdict: { status: string; recipients: { id: string; outcome: string }[] }
    isOurs: boolean
    code: string
  }
  assert.deepEqual([verdict.status, isOurs, code], ['applied', true, 'workflow_missing'])
  assert.deepEqual(
    verdict.recipients.map(({ id, outcome }) => [id, outcome]),
    [['ada', 'canceled']],
  )
})

test('its types tell the outcomes of each call apart, and refuse what does not exist', async () => {
  writeFileSync(
    join(app, 'use.ts'),
    `import { Belay, BelayError, type CancelOutcome, type Verdict } from '@belay/client'
const belay = new Belay('sk_1')
const verdict: Verdict = await belay.cancelNotify('key', 'k', { recipients: ['ada', { collection: 'teams', id: 'red' }] })
const outcome: CancelOutcome | undefined = verdict.recipients[0]?.outcome
const moved: number = (await belay.reschedule('key', 'k', { unit: 'days', value: 1 })).summary.rescheduled
const sent: number = (await belay.sendNow('key', 'k')).summary.sent_now
const codes: string = new BelayError(404, null, null).code
// @ts-expect-error: no outcome of a cancel
outcome === 'rescheduled'
// @ts-expect-error: a typo must not cancel everyone
await belay.cancelNotify('key', 'k', { recipient: ['ada'] })
// @ts-expect-error: no unit
await belay.reschedule('key', 'k', { unit: 'fortnights', value: 1 })
export { codes, moved, outcome, sent }
`,
  )
  const compilerOptions = { noEmit: true, strict: true, target: 'es2023', module: 'nodenext', types: [] }
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }))
  await run(app, process.execPath, inHome('node_modules/typescript/bin/tsc'))
})
