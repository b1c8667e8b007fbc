import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { resolveTemporalCli, resolveTestServer } from '../embedded/binaries.ts'
import { endedWithParent } from '../embedded/ended-with-parent.ts'
import { readSettings } from '../settings/settings.ts'
import { makeTables } from '../testing/servers/postgres.ts'
import { startPostgres } from '../testing/servers/postgres-server.ts'
import { writeBundle } from '../worker/bundle.ts'
import { compileSources } from './compile-sources.ts'
import { groupFiles } from './group-files.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)
const given = process.argv.slice(2)
const options = given.filter((argument) => argument.startsWith('-'))
const filters = given.filter((argument) => !argument.startsWith('-'))
const kind = process.env['BELAY_SOAK'] === 'true' ? 'soak' : process.env['BELAY_CHAOS'] === 'true' ? 'chaos' : 'test'
const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith(`.${kind}.ts`))
  .map((file) => join('test', file))
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort()
if (files.length === 0) throw new Error(`No test file has ${filters.join(' or ')} in its path`)

let interrupt: (code: number) => void
const interrupted = new Promise<number>((resolve) => (interrupt = resolve))
process.on('SIGINT', () => interrupt(130))
process.on('SIGTERM', () => interrupt(143))
process.on('SIGHUP', () => interrupt(129))

const folder = mkdtempSync(join(tmpdir(), 'belay-test-'))
const closers: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })]
try {
  const settings = readSettings()
  const shared = {
    TEMPORAL_CLI_PATH: await resolveTemporalCli(settings),
    TEMPORAL_TEST_SERVER_PATH: await resolveTestServer(settings),
    // Far from UTC, and half an hour off: what asks for the host's zone shows.
    TZ: process.env['TZ'] ?? 'America/St_Johns',
    BELAY_TEST_BUNDLE: join(folder, 'workflow-bundle.js'),
    BELAY_TEST_PGLITE: join(folder, 'pglite.tar'),
    BELAY_TEST_DATABASE_URL: '',
    BELAY_TEST_TEMPLATE: '',
    BELAY_TEST_COMPILED: folder,
  }
  await compileSources(root, folder)
  await writeBundle(shared.BELAY_TEST_BUNDLE)
  // A server given from outside, of any version: its maintenance database, as superuser.
  const given = process.env['BELAY_TEST_POSTGRES_URL']
  if (given === undefined) {
    const postgres = await startPostgres()
    closers.push(() => postgres.stop())
    shared.BELAY_TEST_DATABASE_URL = postgres.url
  } else shared.BELAY_TEST_DATABASE_URL = given
  process.env['BELAY_TEST_DATABASE_URL'] = shared.BELAY_TEST_DATABASE_URL
  const tables = await makeTables()
  closers.push(() => tables.drop())
  shared.BELAY_TEST_TEMPLATE = new URL(tables.url).pathname.slice(1)
  process.exitCode = await Promise.race([interrupted, runTests({ ...process.env, ...shared })])
} finally {
  for (const close of closers.reverse()) await close()
}
process.exit()

/** The tests have a process group of their own, so that what they left running ends with them. */
function runTests(env: NodeJS.ProcessEnv): Promise<number> {
  // What measures is alone. Of the others four go together on two cores: they wait for servers and instants much of the time.
  const limits =
    kind !== 'test'
      ? ['--test-concurrency=1', `--test-timeout=${kind === 'chaos' ? 14_400_000 : 7_200_000}`]
      : ['--test-concurrency=4', '--test-timeout=1800000']
  const runner = ['--test', ...limits, '--test-reporter=spec']
  const compiled = files.map((file) => join(folder, file.replace(/\.ts$/, '.js')))
  // What measures has a process to itself.
  const started = kind === 'test' ? groupFiles(compiled) : compiled
  // A test runs PGlite for seconds: its WebAssembly is compiled quickly rather than well. What measures runs it for long.
  const quickly = kind === 'test' ? ['--liftoff-only'] : []
  const all = ['--enable-source-maps', ...quickly, ...runner, ...options, ...started]
  const [command, args] = endedWithParent('TERM', process.execPath, all)
  const child = spawn(command, args, { env, detached: true, stdio: 'inherit' })
  const end = () => {
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // Nobody was left.
    }
  }
  closers.push(end)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
