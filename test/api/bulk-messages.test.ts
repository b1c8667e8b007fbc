import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { carryOnBulk } from '../../engine/bulk-operations.ts'
import {
  catalog,
  emailChannel,
  feedChannel,
  seedChannels,
  seedMessage,
  seedTrigger,
} from '../../testing/fixtures/seed.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { SIGNING_PUBLIC_KEY, signUserToken } from '../../testing/fixtures/user-tokens.ts'
import { PUBLIC_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'

let api: ApiServer
before(async () => {
  api = await startApi(catalog, undefined, { BELAY_SIGNING_PUBLIC_KEY: SIGNING_PUBLIC_KEY })
  await seedChannels(api.deps.store.db)
})
after(() => api.close())

interface Operation {
  id: string
  name: string
}

/** An in-app message for each of these, an hour old. */
async function messagesFor(recipients: string[], given: Partial<Parameters<typeof seedTrigger>[1]> = {}) {
  const { db } = api.deps.store
  const rows = await seedTrigger(db, { recipients, acceptedAt: new Date(api.clock.now - 3_600_000), ...given })
  return Promise.all(rows.map((row) => seedMessage(db, row)))
}

/** Asks for it, carries it out as the workflow does, and answers how many were changed. */
async function mark(action: string, body: object, channel = feedChannel.id): Promise<number> {
  const { status, body: begun } = await api.call('POST', `/v1/channels/${channel}/messages/bulk/${action}`, { body })
  assert.equal(status, 200, JSON.stringify(begun))
  while (!(await carryOnBulk(api.deps, (begun as Operation).id)));
  const { body: done } = await api.call('GET', `/v1/bulk_operations/${(begun as Operation).id}`)
  const { status: state, success_count } = done as { status: string; success_count: number }
  assert.equal(state, 'completed')
  return success_count
}

async function statusesOf(ids: readonly string[]): Promise<string[][]> {
  const answers = await Promise.all(ids.map((id) => api.call('GET', `/v1/messages/${id}`)))
  return answers.map(({ body }) => (body as { engagement_statuses: string[] }).engagement_statuses)
}

test('what a browser sends marks all of one user as read, and nobody else’s', async () => {
  const [adas, bobs] = await messagesFor(['ada', 'bob'])
  assert.equal(await mark('read', { user_ids: ['ada'], archived: 'exclude', engagement_status: 'unread' }), 1)
  assert.deepEqual(await statusesOf([adas!, bobs!]), [['seen', 'read'], []])
  assert.equal(await mark('read', { user_ids: ['ada'], engagement_status: 'unread' }), 0)
})

test('each spelling of archiving archives, and both of unarchiving take it back', async () => {
  const ids = await messagesFor(['carl'])
  const whose = { recipient_ids: ['carl'] }
  for (const [archive, unarchive] of [
    ['archive', 'unarchive'],
    ['archived', 'unarchived'],
    ['delete', 'unarchived'],
  ] as const) {
    await mark(archive, whose)
    assert.deepEqual(await statusesOf(ids), [['archived']], archive)
    assert.equal(await mark('seen', { ...whose, archived: 'exclude' }), 0)
    await mark(unarchive, { ...whose, archived: 'only' })
    assert.deepEqual(await statusesOf(ids), [[]], unarchive)
  }
})

test('tenants, workflows, data, ages and channels narrow it', async () => {
  const old = new Date(api.clock.now - 7_200_000)
  const [acme] = await messagesFor(['dan'], { tenant: 'acme', data: { plan: 'pro' }, acceptedAt: old })
  const [none] = await messagesFor(['dan'], { definition: 'other' })
  const dans = { recipient_ids: 'dan' }
  const cases: [object, string | undefined][] = [
    [{ tenants: ['acme'] }, acme],
    [{ has_tenant: false }, none],
    [{ workflows: ['other'] }, none],
    [{ trigger_data: '{"plan":"pro"}' }, acme],
    [{ trigger_data: { plan: 'pro' } }, acme],
    [{ older_than: new Date(api.clock.now - 5_000_000).toISOString() }, acme],
    [{ newer_than: new Date(api.clock.now - 5_000_000).toISOString() }, none],
    [{ delivery_status: 'undelivered' }, undefined],
  ]
  for (const [filter, meant] of cases) {
    const marked = [acme, none].map((id) => (id === meant ? ['seen'] : []))
    assert.equal(await mark('seen', { ...dans, ...filter }), meant === undefined ? 0 : 1, JSON.stringify(filter))
    assert.deepEqual(await statusesOf([acme!, none!]), marked, JSON.stringify(filter))
    await mark('unseen', dans)
  }
  assert.equal(await mark('seen', dans, emailChannel.key), 0)
})

test('without recipients everybody is meant, in several chunks; what is made after the call is not', async () => {
  const crowd = await messagesFor(
    Array.from({ length: 450 }, (_, i) => `crowd${i}`),
    { definition: 'crowd' },
  )
  const body = { workflows: ['crowd'] }
  const path = `/v1/channels/${feedChannel.key}/messages/bulk/seen`
  const { body: begun } = await api.call('POST', path, { body })
  const [late] = await messagesFor(['late'], { definition: 'crowd', acceptedAt: new Date(api.clock.now + 1) })
  let chunks = 1
  while (!(await carryOnBulk(api.deps, (begun as Operation).id))) chunks += 1
  assert.ok(chunks >= 3, String(chunks))
  assert.deepEqual(await statusesOf([crowd[0]!, crowd[449]!, late!]), [['seen'], ['seen'], []])
})

test('a user’s token marks that user’s, of the tenants it is for; a list of nobody is not everybody', async () => {
  const [erins, acmes, others] = [
    ...(await messagesFor(['erin', 'fay'])),
    ...(await messagesFor(['erin'], { tenant: 'acme' })),
  ] as [string, string, string]
  const path = `/v1/channels/${feedChannel.id}/messages/bulk/seen`
  const as = async (claims: Parameters<typeof signUserToken>[0], body: object) => {
    const headers = { 'x-knock-user-token': await signUserToken(claims) }
    const answer = await api.call('POST', path, { key: PUBLIC_KEY, headers, body })
    if (answer.status === 200) while (!(await carryOnBulk(api.deps, (answer.body as Operation).id)));
    return answer
  }
  const grants = { 'https://api.knock.app/v1/tenants/acme': { 'user_feed/write': [{}] } }
  const ofAcme = { sub: 'erin', explicit_grants: true, grants }
  assert.equal((await as(ofAcme, {})).status, 200)
  assert.deepEqual(await statusesOf([erins, acmes, others]), [[], [], ['seen']])
  assert.equal((await as({ sub: 'erin' }, {})).status, 200)
  assert.deepEqual(await statusesOf([erins, acmes, others]), [['seen'], [], ['seen']])
  const fays = await as({ sub: 'erin' }, { user_ids: ['fay'] })
  assertRefused(fays, 403, 'not_permitted')
  const empty = await api.call('POST', path, { body: { recipient_ids: [] } })
  assert.deepEqual(assertRefused(empty, 422, 'invalid_params'), ['recipient_ids length'])
})

test('an unknown channel, and an action that is none, are told', async () => {
  const missing = await api.call('POST', '/v1/channels/never/messages/bulk/seen', { body: {} })
  assertRefused(missing, 404, 'resource_missing')
  const wrong = await api.call('POST', `/v1/channels/${feedChannel.id}/messages/bulk/loved`, { body: {} })
  assert.deepEqual(assertRefused(wrong, 422, 'invalid_params'), ['action inclusion'])
})
