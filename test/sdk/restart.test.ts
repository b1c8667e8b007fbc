import Knock from 'knock-node-1'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { openPglite } from '../../store/postgres/database.ts'
import { emailChannel, feedChannel } from '../../testing/fixtures/seed.ts'
import { SECRET_KEY } from '../../testing/product/api-server.ts'
import { openWorld } from '../../testing/sdk/world.ts'

const preferences = { channel_types: { email: false }, categories: { news: { channel_types: { sms: false } } } }

test('what every kind of method wrote is there after a restart, and counts for what comes then', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-restart-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))

  const before = await openWorld(await openPglite(folder))
  const knock = new Knock({ apiKey: SECRET_KEY, baseURL: before.api.url, maxRetries: 0 })
  await knock.users.update('ada', { name: 'Ada', plan: 'pro' })
  await knock.users.update('guest', { name: 'Guest', city: 'Bonn' })
  await knock.users.setPreferences('ada', 'default', preferences)
  await knock.users.setChannelData('ada', emailChannel.id, { data: { tokens: ['t1'] } })
  await knock.tenants.set('acme', { name: 'Acme', settings: { branding: { primary_color: '#ff0000' } } })
  await knock.objects.set('teams', 'red', { name: 'Red' })
  await knock.objects.setPreferences('teams', 'red', 'default', preferences)
  await knock.objects.addSubscriptions('teams', 'red', { recipients: ['ada', 'guest'], properties: { role: 'lead' } })
  const repeats = [{ frequency: 'daily', hours: 8 }] as const
  await knock.schedules.create({ workflow: 'invite', recipients: ['guest'], repeats: [...repeats] })
  const { id: message } = await before.message('guest')
  await knock.messages.markAsInteracted(message, { metadata: { button: 'buy' } })
  await knock.messages.archive(message)
  const bulk = await before.done(await knock.users.bulk.identify({ users: [{ id: 'bob', name: 'Bob' }] }))
  await knock.users.merge('ada', { from_user_id: 'guest' })
  const trigger = { recipients: ['ada', { collection: 'teams', id: 'red' }], cancellation_key: 'k1' }
  const once = { idempotencyKey: 'once' }
  const run = await knock.workflows.trigger('invite', trigger, once)

  const paths = [
    '/v1/users',
    '/v1/users/ada',
    '/v1/users/ada/preferences/default',
    `/v1/users/ada/channel_data/${emailChannel.id}`,
    '/v1/users/ada/subscriptions',
    '/v1/users/ada/schedules',
    '/v1/users/ada/messages',
    `/v1/users/ada/feeds/${feedChannel.id}?archived=include`,
    '/v1/objects/teams/red/subscriptions',
    '/v1/objects/teams/red/preferences/default',
    '/v1/objects/teams',
    '/v1/tenants/acme',
    '/v1/schedules?workflow=invite',
    `/v1/messages/${message}/events`,
    `/v1/messages/${message}/content`,
    `/v1/messages/${message}/activities`,
    `/v1/bulk_operations/${String(bulk['id'])}`,
    `/v1/workflow_recipient_runs?workflow_run_id=${run.workflow_run_id}`,
  ]
  const answers = async (get: (path: string) => Promise<unknown>) => {
    const all: Record<string, unknown> = {}
    for (const path of paths) all[path] = await get(path)
    return all
  }
  const written = await answers((path) => before.get(path))
  assert.equal((written['/v1/users/ada/messages'] as { items: unknown[] }).items.length, 1)
  await before.api.close()

  const later = await openWorld(await openPglite(folder))
  t.after(() => later.api.close())
  assert.deepEqual(await answers((path) => later.get(path)), written)
  const again = new Knock({ apiKey: SECRET_KEY, baseURL: later.api.url, maxRetries: 0 })
  assert.deepEqual(await again.workflows.trigger('invite', trigger, once), run, 'a repeat is still one')
  const answer: unknown = await again.workflows.cancel('invite', { cancellation_key: 'k1', recipients: ['guest'] })
  assert.deepEqual(
    (answer as Verdict).recipients.map(({ id, outcome }) => [id, outcome]),
    [['ada', 'canceled']],
    'a merged id still means the other user',
  )
  assert.equal(await later.status('/v1/users/guest'), 404)
})
