import assert from 'node:assert/strict'
import { Connection } from '@temporalio/client'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { pino } from 'pino'
import { startDevServer } from '../../embedded/dev-server.ts'
import { endLingeringServer, rememberServer } from '../../embedded/lingering.ts'
import { freePort } from '../../embedded/ports.ts'
import { temporalCli } from '../../testing/servers/binaries.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { gone, isRunning } from '../../testing/servers/process.ts'

/** A log whose entries can be awaited. */
function awaitableLog() {
  const stream = new PassThrough()
  let written = ''
  stream.on('data', (chunk: Buffer) => (written += chunk.toString()))
  async function says(text: string): Promise<void> {
    while (!written.includes(text)) await once(stream, 'data')
  }
  return { log: pino(stream), says }
}

async function options(folder: string) {
  const ports = { port: await freePort(), uiPort: await freePort() }
  return { cli: await temporalCli(), dbFile: join(folder, 'temporal.db'), ...ports }
}

test('a dev server that dies is started again, on the same address and with what it knew', async (t) => {
  const { log, says } = awaitableLog()
  const server = await startDevServer({ ...(await options(temporaryFolder())), log })
  t.after(() => server.stop())
  const connection = await Connection.connect({ address: server.address })
  t.after(() => connection.close())
  const before = await connection.workflowService.describeNamespace({ namespace: 'default' })
  const first = server.pid()!
  process.kill(first, 'SIGKILL')
  await says('the Temporal server died')
  await says('the Temporal server is back')
  assert.notEqual(server.pid(), first)
  const after = await connection.workflowService.describeNamespace({ namespace: 'default' })
  assert.equal(after.namespaceInfo?.id, before.namespaceInfo?.id)
})

test('a stopped dev server has ended and is not started again', async () => {
  const server = await startDevServer({ ...(await options(temporaryFolder())), log: pino({ level: 'silent' }) })
  const pid = server.pid()!
  assert.ok(isRunning(pid))
  await server.stop()
  assert.equal(isRunning(pid), false)
})

test('a dev server that cannot start is an error that tells what it said', async () => {
  const given = await options(temporaryFolder())
  writeFileSync(given.dbFile, 'no database'.repeat(1_000))
  const start = startDevServer({ ...given, log: pino({ level: 'silent' }) })
  await assert.rejects(start, /^StartError: The Temporal server ended at its start \(.*not a database/s)
})

test('the server of an earlier start is ended, a process that only has its pid is not', async (t) => {
  const folder = temporaryFolder()
  const server = await startDevServer({ ...(await options(folder)), log: pino({ level: 'silent' }) })
  t.after(() => server.stop())
  const pid = server.pid()!
  const other = join(folder, 'other.db')
  rememberServer(other, pid)
  assert.equal(await endLingeringServer(other), false)
  assert.ok(isRunning(pid))
  assert.equal(await endLingeringServer(join(folder, 'temporal.db')), true)
  await gone(pid)
})

test('a dev server that dies at its first start, as it does if a port it picked was taken meanwhile, is started again', async (t) => {
  const folder = temporaryFolder()
  const { log, says } = awaitableLog()
  const given = await options(folder)
  const cli = join(folder, 'temporal')
  // Dies once, in the words of Temporal's CLI, and is the CLI from then on.
  const dies = `printf 'panic: failed assigning ephemeral port: in use\\n\\ngoroutine 1:\\n' >&2; exit 2`
  const script = `#!/bin/sh\n[ -e '${folder}/died' ] || { touch '${folder}/died'; ${dies}; }\nexec '${given.cli}' "$@"\n`
  writeFileSync(cli, script, { mode: 0o755 })
  const server = await startDevServer({ ...given, cli, log })
  t.after(() => server.stop())
  await says('"code 2: panic: failed assigning ephemeral port: in use"')
  const connection = await Connection.connect({ address: server.address })
  await connection.close()
})

test('a dev server that lives and does not answer at its first start is ended, and started again', async (t) => {
  const folder = temporaryFolder()
  const { log, says } = awaitableLog()
  const given = await options(folder)
  const cli = join(folder, 'temporal')
  const hangs = `echo $$ > '${folder}/hung'; exec sleep 600`
  writeFileSync(cli, `#!/bin/sh\n[ -e '${folder}/hung' ] || { ${hangs}; }\nexec '${given.cli}' "$@"\n`, { mode: 0o755 })
  const server = await startDevServer({ ...given, cli, log, readyWithinMs: [2_000, 120_000] })
  t.after(() => server.stop())
  await says('did not answer at')
  await gone(Number(readFileSync(join(folder, 'hung'), 'utf8')))
  const connection = await Connection.connect({ address: server.address })
  await connection.close()
})

test('a binary that is no Temporal CLI is named, with how it ended', async () => {
  const start = startDevServer({
    ...(await options(temporaryFolder())),
    cli: '/bin/true',
    log: pino({ level: 'silent' }),
  })
  await assert.rejects(start, {
    name: 'StartError',
    message:
      'The Temporal server ended at its start (code 0: it said nothing); it was /bin/true, and TEMPORAL_CLI_PATH names another',
  })
})

test('a path that says something else in an address is a path: the database lies in its folder, and nowhere else', async () => {
  const folder = temporaryFolder()
  const named = join(folder, '50% off #1? it\'s "here"')
  mkdirSync(named)
  const given = await options(named)
  const server = await startDevServer({ ...given, log: pino({ level: 'silent' }) })
  const pid = server.pid()!
  assert.ok(existsSync(given.dbFile))
  assert.deepEqual(readdirSync(folder), ['50% off #1? it\'s "here"'])
  assert.equal(await endLingeringServer(given.dbFile), true)
  await gone(pid)
  await server.stop()
})

test('no web page can use its HTTP API', async (t) => {
  const folder = temporaryFolder()
  const server = await startDevServer({ ...(await options(folder)), log: pino({ level: 'silent' }) })
  t.after(() => server.stop())
  const answers = await Promise.all(
    portsOf(server.pid()!).map(async (port) => {
      const url = `http://127.0.0.1:${port}/api/v1/namespaces/default/workflows/some/cancel`
      const headers = { 'content-type': 'text/plain', origin: 'https://elsewhere.example' }
      try {
        const answer = await fetch(url, { method: 'POST', headers, body: '{}', signal: AbortSignal.timeout(20_000) })
        return { status: answer.status, allows: answer.headers.get('access-control-allow-origin') }
      } catch {
        return undefined
      }
    }),
  )
  const statuses = answers.flatMap((answer) => (answer === undefined ? [] : [answer.status]))
  // The HTTP API refuses the host, with 403: without the setting it looks for that workflow. The UI wants its own token.
  assert.ok(statuses.includes(403), String(statuses))
  assert.ok(
    statuses.every((status) => status >= 400),
    String(statuses),
  )
  assert.ok(answers.every((answer) => (answer?.allows ?? null) === null))
})

/** The TCP ports a process listens on. */
function portsOf(pid: number): number[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.slice(1) ?? []
      } catch {
        return []
      }
    }),
  )
  const lines = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1),
  )
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.has(inode!))
    .map(([, local]) => parseInt(local!.split(':')[1]!, 16))
}
