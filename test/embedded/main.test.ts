import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../embedded/ports.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { Belay } from '../../testing/product/belay.ts'
import { temporalCli } from '../../testing/servers/binaries.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { pgliteFolder } from '../../testing/servers/pglite.ts'
import { gone, isRunning, runScript, type Script } from '../../testing/servers/process.ts'
import { until } from '../../testing/fixtures/until.ts'

const main = fileURLToPath(new URL('../../embedded/main.ts', import.meta.url))

interface Settings extends NodeJS.ProcessEnv {
  BELAY_DATA_DIR: string
  PORT: string
  TEMPORAL_DEV_PORT: string
  TEMPORAL_DEV_UI_PORT: string
  TEMPORAL_CLI_PATH: string
}

/** `isFirst`: its database is made at the start, as for a new user, which costs seconds of a core. */
async function settingsFor({ isFirst = false } = {}): Promise<Settings> {
  const port = async () => String(await freePort())
  const folder = temporaryFolder()
  if (!isFirst) await pgliteFolder(join(folder, 'postgres'))
  return {
    BELAY_DATA_DIR: folder,
    PORT: await port(),
    TEMPORAL_DEV_PORT: await port(),
    TEMPORAL_DEV_UI_PORT: await port(),
    TEMPORAL_CLI_PATH: await temporalCli(),
  }
}

function start(t: TestContext, settings: Settings): Script {
  const keys = { BELAY_SECRET_KEY: '', BELAY_PUBLIC_KEY: '', DATABASE_URL: '' }
  const belay = runScript(main, [], { ...keys, ...settings })
  t.after(async () => {
    belay.kill('SIGKILL')
    await belay.ended
  })
  return belay
}

async function started(t: TestContext, settings: Settings): Promise<Script> {
  const belay = start(t, settings)
  await belay.says('Belay is ready.')
  await belay.says('/v1/users/ada/feeds/')
  return belay
}

/** What /readyz answers as soon as anything does. */
async function firstReady(belay: Script, settings: Settings): Promise<Response> {
  let over = false
  void belay.ended.then(() => (over = true))
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${settings.PORT}/readyz`).catch(() => null)
    if (answer !== null) return answer
    assert.ok(!over, belay.output())
    await wait(2)
  }
}

const temporalPid = (settings: Settings) =>
  Number(readFileSync(join(settings.BELAY_DATA_DIR, 'temporal.db.pid'), 'utf8'))

const keysFile = (settings: Settings) => readFileSync(join(settings.BELAY_DATA_DIR, 'keys.json'), 'utf8')

/** The lines of the greeting, as a shell carries them out; `slept` is awaited after its pause. */
async function paste(belay: Script, slept: () => Promise<unknown>): Promise<unknown[]> {
  const lines = belay.output().split('\n')
  const answers: unknown[] = []
  for (const line of lines.filter((each) => /^(curl|sleep) /.test(each))) {
    const said = shell(line)
    if (line.startsWith('sleep')) await slept()
    else answers.push(JSON.parse(said))
  }
  return answers
}

const shell = (script: string) => execFileSync('sh', ['-c', script], { encoding: 'utf8' })

/**
 * The README's first block of calls, or the one that holds `call`, with this start's keys and address in it; what it prints.
 * Its pauses last, on a busy machine, until there are so many messages and none is under way.
 */
async function pasteReadme(settings: Settings, call: string, messages: number[]): Promise<unknown[]> {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const blocks = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text]) => text!)
  const first = blocks.find((text) => text.includes('try-me/trigger'))!
  assert.match(first, /\.belay\/keys\.json.*:4000/s)
  const named = first.split('\n').slice(0, 2).join('\n')
  const calls = blocks.find((text) => text.includes(call))!.replace(named, '')
  const caller = callerOf(settings)
  const answers: unknown[] = []
  for (const [n, part] of calls.split(/^sleep 2$/m).entries()) {
    if (n > 0) await until(`${messages[n - 1]} messages`, () => areSent(caller, messages[n - 1]!))
    const here = `${named}\n${part}`
      .replace('.belay/keys.json', join(settings.BELAY_DATA_DIR, 'keys.json'))
      .replace(':4000', `:${settings.PORT}`)
    const said = shell(here).replaceAll('}{', '}\n{').trim().split('\n')
    answers.push(...said.map((answer) => JSON.parse(answer) as unknown))
  }
  return answers
}

async function areSent(caller: Belay, count: number): Promise<boolean> {
  const messages = await caller.messages()
  return messages.length === count && messages.every(({ status }) => status !== 'queued')
}

function callerOf(settings: Settings): Belay {
  const { secret_key } = JSON.parse(keysFile(settings)) as { secret_key: string }
  return new Belay(() => `http://127.0.0.1:${settings.PORT}`, secret_key)
}

test('the start is ready with all its parts, its curl lines work when pasted, and SIGTERM leaves nothing', async (t) => {
  const settings = await settingsFor({ isFirst: true })
  const belay = start(t, settings)
  const first = await firstReady(belay, settings)
  assert.deepEqual([first.status, await first.json()], [200, { store: 'ok', temporal: 'ok', worker: 'ok' }])
  await belay.says('/v1/users/ada/feeds/')

  const { secret_key } = JSON.parse(keysFile(settings)) as { secret_key: string }
  const slept = () => until('the first messages', () => areSent(callerOf(settings), 3))
  const [trigger, cancel, feed] = (await paste(belay, slept)) as [object, Verdict, { entries: unknown[] }]
  assert.ok('workflow_run_id' in trigger)
  assert.deepEqual([cancel.status, cancel.summary.canceled], ['applied', 1])
  assert.equal(cancel.recipients[0]!.runs[0]!.messages.length, 1, 'Grace had got the first')
  assert.equal(feed.entries.length, 1)
  assert.ok(!belay.output().includes(secret_key), 'a log file must not hold the key')

  const temporal = temporalPid(settings)
  assert.ok(isRunning(temporal))
  belay.kill('SIGTERM')
  assert.equal(await belay.ended, 0, belay.output())
  assert.equal(isRunning(temporal), false)
})

test('the README’s first lines, pasted whole, do what it says', async (t) => {
  const settings = await settingsFor()
  const belay = await started(t, settings)
  const caller = callerOf(settings)
  const perPerson = async () => {
    const people = (await caller.messages({ source: 'try-me' })).map(({ recipient }) => recipient as string)
    return Object.fromEntries(['ada', 'alan', 'grace'].map((name) => [name, people.filter((p) => p === name).length]))
  }
  const [trigger, cancel, messages] = (await pasteReadme(settings, 'try-me/trigger', [3])) as [
    object,
    Verdict,
    { items: unknown[] },
  ]
  assert.ok('workflow_run_id' in trigger)
  assert.deepEqual([cancel.status, cancel.summary.canceled, messages.items.length], ['applied', 1, 3])
  assert.deepEqual(await perPerson(), { ada: 1, alan: 1, grace: 1 })
  // The minute is over.
  await caller.post('/v1/workflows/try-me/send_now', { cancelation_key: 'first' })
  await until('the second messages', async () => (await caller.messages({ source: 'try-me' })).length === 5)
  assert.deepEqual(await perPerson(), { ada: 2, alan: 2, grace: 1 })
  belay.kill('SIGTERM')
  assert.equal(await belay.ended, 0, belay.output())
})

test('the README’s invite shows a mail: caught, and read at /dev/mail', async (t) => {
  const settings = { ...(await settingsFor()), SMTP_URL: '' }
  const belay = await started(t, settings)
  const [, moved, verdict] = (await pasteReadme(settings, 'new-user-invited/trigger', [2, 3])) as [
    object,
    object,
    Verdict,
  ]
  assert.ok('summary' in moved)
  assert.deepEqual([verdict.summary.canceled, verdict.summary.already_sent], [1, 1])
  const url = `http://127.0.0.1:${settings.PORT}`
  const list = await (await fetch(`${url}/dev/mail`)).text()
  const found = [...list.matchAll(/href="(\/dev\/mail\/[0-9a-f-]{36})">([^<]*)<\/a><\/td><td>([^<]*)/g)]
  assert.deepEqual(
    found.map(([, , subject, to]) => [subject, to]),
    [['Your invite to Analytical Engines is still open', 'lin@example.com']],
  )
  assert.match(await (await fetch(`${url}${found[0]![1]}/html`)).text(), /href="https:\/\/example\.com\/invites\/1"/)
  belay.kill('SIGTERM')
  assert.equal(await belay.ended, 0, belay.output())
})

test('killed with SIGKILL, the next start has the folder, the keys and the ports, and the old Temporal server is gone', async (t) => {
  const settings = await settingsFor()
  const first = await started(t, settings)
  const keys = keysFile(settings)
  const temporal = temporalPid(settings)
  first.kill('SIGKILL')
  await first.ended

  const second = await started(t, settings)
  await gone(temporal)
  assert.notEqual(temporalPid(settings), temporal)
  assert.equal(keysFile(settings), keys)
  second.kill('SIGINT')
  assert.equal(await second.ended, 0, second.output())
})

test('a Temporal server that dies is started again, and what was accepted meanwhile is sent', async (t) => {
  const settings = await settingsFor()
  const belay = await started(t, settings)
  const { secret_key } = JSON.parse(keysFile(settings)) as { secret_key: string }
  const call = (path: string, body?: unknown) =>
    fetch(`http://127.0.0.1:${settings.PORT}/v1/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${secret_key}` },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  process.kill(temporalPid(settings), 'SIGKILL')
  const accepted = await call('workflows/try-me/trigger', { recipients: ['ada'] })
  assert.equal(accepted.status, 200)
  await belay.says('the Temporal server is back')

  const sent = async () => ((await (await call('messages')).json()) as { items: unknown[] }).items.length
  await until('what was accepted to be sent', async () => (await sent()) > 0, 180_000)
  belay.kill('SIGTERM')
  assert.equal(await belay.ended, 0, belay.output())
})

test('a second start on the same folder, or on a port in use, ends with 1 and one line that says why', async (t) => {
  const settings = await settingsFor()
  const belay = await started(t, settings)
  const same = start(t, settings)
  assert.equal(await same.ended, 1)
  assert.match(same.output(), new RegExp(`^${settings.BELAY_DATA_DIR} is in use by process ${belay.pid};[^\n]*\n$`))

  const other = start(t, { ...(await settingsFor()), PORT: settings.PORT })
  assert.equal(await other.ended, 1)
  assert.match(other.output(), /^PORT: port \d+ on 127\.0\.0\.1 is in use; set PORT to another\n$/)
  belay.kill('SIGTERM')
  assert.equal(await belay.ended, 0, belay.output())
})

test('a setting that cannot be used ends it with 1, named and without a stack', async (t) => {
  const settings = await settingsFor()
  const bad = start(t, { ...settings, PORT: 'many' })
  assert.equal(await bad.ended, 1)
  assert.match(bad.output(), /^These settings cannot be used:\n {2}PORT: [^\n]*\n$/)

  const elsewhere = start(t, { ...settings, HOST: '192.0.2.1' })
  assert.equal(await elsewhere.ended, 1)
  assert.match(elsewhere.output(), /^HOST: 192\.0\.2\.1 is no address of this machine \([^\n]*\n$/)

  const missing = start(t, { ...settings, TEMPORAL_CLI_PATH: '/nowhere/temporal' })
  assert.equal(await missing.ended, 1)
  assert.match(missing.output(), /^TEMPORAL_CLI_PATH: \/nowhere\/temporal is not a file that can be executed[^\n]*\n$/)
})
