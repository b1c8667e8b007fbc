import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { until } from '../../testing/fixtures/until.ts'
import { SECRET_KEY } from '../../testing/product/api-server.ts'
import { Belay } from '../../testing/product/belay.ts'
import { Operated } from '../../testing/product/operated.ts'
import { freePort } from '../../testing/servers/ports.ts'
import { runScript } from '../../testing/servers/process.ts'

const feed = (text: string) => ({
  ref: 'feed_1',
  type: 'channel',
  channel_type: 'in_app_feed',
  template: { markdown_body: text },
})
const seconds = (value: number) => ({ unit: 'seconds', value })
const sleeper = (text: string) => ({
  steps: [{ ref: 'delay_1', type: 'delay', settings: { delay_for: seconds(30) } }, feed(text)],
})
const batch = (text: string, mode: string) => ({
  steps: [
    { ref: 'batch_1', type: 'batch', settings: { batch_window: seconds(30), workflow_version_mode: mode } },
    feed(text),
  ],
})
const files = (text: string) => ({
  sleeper: sleeper(text),
  latest: batch(text, 'latest'),
  pinned: batch(text, 'pinned'),
})

test('a changed folder reaches all processes, and who sleeps keeps the version they started with', async (t) => {
  const folder = notificationsFolder({})
  const write = (key: string, content: object | string) => {
    mkdirSync(path.join(folder, key), { recursive: true })
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    writeFileSync(path.join(folder, key, 'workflow.json'), text)
  }
  const writeAll = (all: Record<string, object>) => Object.entries(all).forEach(([key, file]) => write(key, file))
  writeAll({ ...files('one'), gone: { steps: [feed('gone')] } })
  const operated = await Operated.start(t, folder)
  const port = String(await freePort())
  const script = runScript(fileURLToPath(new URL('../../api/main.ts', import.meta.url)), [], {
    ...operated.env,
    ...{ PORT: port, LOG_LEVEL: 'info', BELAY_NOTIFICATIONS_DIR: folder },
  })
  t.after(async () => {
    script.kill('SIGTERM')
    await script.ended
  })
  await script.says('api listens')
  const here = operated.belay
  const there = new Belay(() => `http://127.0.0.1:${port}`, SECRET_KEY)
  const trigger = (belay: Belay, key: string, who: string) =>
    belay.request<{ code?: string }>('POST', `/v1/workflows/${key}/trigger`, { recipients: [who] })
  const reload = (belay: Belay) =>
    belay.request<{ code?: string; added?: string[]; removed?: string[] }>('POST', '/v1/definitions/reload', {})
  for (const key of ['sleeper', 'latest', 'pinned']) assert.equal((await trigger(here, key, `${key}-1`)).status, 200)

  writeAll({ ...files('two'), fresh: { steps: [feed('fresh')] } })
  rmSync(path.join(folder, 'gone'), { recursive: true })
  script.kill('SIGHUP')
  await until('the other api has it', async () => (await trigger(here, 'fresh', 'fresh-1')).status === 200)
  assert.equal((await trigger(here, 'gone', 'gone-1')).status, 404)
  assert.equal((await trigger(here, 'sleeper', 'sleeper-2')).status, 200)

  write('sleeper', '{"steps": [')
  write('other', { steps: [feed('other')] })
  const refused = await reload(here)
  assert.deepEqual([refused.status, refused.body.code], [422, 'definitions_invalid'])
  assert.equal((await trigger(here, 'other', 'other-1')).status, 404)
  assert.equal((await trigger(there, 'sleeper', 'sleeper-3')).status, 200)

  writeAll({ ...files('two'), gone: { steps: [feed('back')] } })
  for (let n = 0; n < 1_200; n += 1) write(`many-${n}`, { steps: [feed(`many ${n}`)] })
  const taken = await reload(here)
  assert.deepEqual([taken.status, taken.body.added?.length, taken.body.removed], [200, 1_202, []])
  await until('the other api has all', async () => (await trigger(there, 'many-1199', 'many')).status === 200)
  assert.equal((await trigger(there, 'gone', 'gone-2')).status, 200)

  const shown = {
    ...{ 'sleeper-1': 'one', 'sleeper-2': 'two', 'sleeper-3': 'two', 'latest-1': 'two', 'pinned-1': 'one' },
    ...{ 'fresh-1': 'fresh', 'gone-2': 'back', many: 'many 1199' },
  }
  for (const [who, text] of Object.entries(shown)) {
    await until(`${who} is told`, async () => (await here.feed(who)).length > 0)
    assert.match(
      JSON.stringify((await here.feed(who)).map(({ blocks }) => blocks)),
      new RegExp(`"content":"${text}"`),
      who,
    )
  }
})
