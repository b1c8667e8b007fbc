// npm run test:containers: the containers of docker-compose.yml, run for real; filters and options as for npm test.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endedWithParent } from '../embedded/ended-with-parent.ts'
import { compose, root, whyNoEngine } from '../testing/containers/docker.ts'
import { smallDisk } from '../testing/containers/small-disk.ts'
import { freePort } from '../testing/servers/ports.ts'

const FILE_MS = 420_000
/** On a machine that other work keeps busy, BELAY_CONTAINERS_MINUTES gives it longer. */
const MINUTES = Number(process.env['BELAY_CONTAINERS_MINUTES'] ?? 20)

process.chdir(root)
const given = process.argv.slice(2)
const options = given.filter((argument) => argument.startsWith('-'))
const filters = given.filter((argument) => !argument.startsWith('-'))
const files = readdirSync('test/containers')
  // Files of more faults run by their names alone: all together would take longer than twenty minutes.
  .filter((file) => file.endsWith('.containers.ts') || (filters.length > 0 && file.endsWith('.more.ts')))
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .map((file) => join('test/containers', file))
  .sort()
if (files.length === 0) throw new Error(`No file of test/containers has ${filters.join(' or ')} in its name`)

const missing = await whyNoEngine()
if (missing !== undefined) {
  console.log(`skipped: ${missing}`)
  process.exit()
}

const interrupted = new Promise<number>((resolve) => {
  process.on('SIGINT', () => resolve(130))
  process.on('SIGTERM', () => resolve(143))
})
const folder = mkdtempSync(join(tmpdir(), 'belay-containers-'))
const closers: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })]
const project = `belay-test-${process.pid}`
Object.assign(process.env, {
  COMPOSE_PROJECT_NAME: project,
  // A build that shows each step as a line.
  BUILDKIT_PROGRESS: 'plain',
  API_PORT: String(await freePort()),
  TEMPORAL_PORT: String(await freePort()),
  TEMPORAL_UI_PORT: String(await freePort()),
  MAILPIT_PORT: String(await freePort()),
})
const seconds = (from: number) => `${((performance.now() - from) / 1_000).toFixed(0)} s`

try {
  const work = async () => {
    const disk = await smallDisk(folder, project)
    closers.push(() => disk.close())
    process.env['BELAY_TEST_DISK'] = disk.folder
    let from = performance.now()
    await compose('build')
    console.log(`docker compose build: ${seconds(from)}`)
    closers.push(() => compose('down', '--volumes', '--remove-orphans', '--timeout', '5'))
    from = performance.now()
    await compose('up', '--detach', '--wait').catch(async (error: unknown) => {
      console.error(await compose('logs', '--tail', '30'))
      throw error
    })
    console.log(`docker compose up: all healthy after ${seconds(from)}`)
    return runTests()
  }
  process.exitCode = await Promise.race([interrupted, work()])
} finally {
  for (const close of closers.reverse()) await Promise.resolve(close()).catch(console.error)
}
process.exit()

function runTests(): Promise<number> {
  const limits = ['--test-concurrency=1', `--test-timeout=${FILE_MS}`, '--test-reporter=spec']
  const [command, args] = endedWithParent('TERM', process.execPath, [
    '--import',
    'tsx',
    '--test',
    ...limits,
    ...options,
    ...files,
  ])
  const child = spawn(command, args, { detached: true, stdio: 'inherit' })
  const end = () => {
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // Nobody was left.
    }
  }
  closers.push(end)
  const timer = setTimeout(() => {
    console.error(`not done within ${MINUTES} minutes`)
    end()
  }, MINUTES * 60_000)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      clearTimeout(timer)
      resolve(code ?? 1)
    })
  })
}
