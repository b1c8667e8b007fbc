import { eq } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TriggerAnswer } from '../../engine/accept-trigger.ts'
import type { ErrorCode } from '../../api/http/errors.ts'
import type { Database } from '../../store/postgres/database.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { recipientRuns, tenants, triggers } from '../../store/schema/index.ts'
import { rowsOf } from '../../store/ids/row-id.ts'
import { findUser } from '../../store/profiles/users.ts'
import { loadRecipients } from '../../store/profiles/recipients.ts'
import { startApi, type Answer, type ApiServer } from '../../testing/product/api-server.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const catalog = catalogOf(
  testVersion('invite', ['feed', 'wait', 'mail']),
  testVersion('sleeps', ['wait', 'mail']),
  testVersion('remind', ['until', 'mail']),
  testVersion('off', ['feed'], { active: false }),
)
const NOW = Date.parse('2026-03-01T12:00:00Z')

let api: ApiServer
let db: Database
before(async () => {
  api = await startApi(catalog)
  api.clock.now = NOW
  db = api.deps.store.db
  await publishCatalog(db, catalog)
})
after(() => api.close())

const trigger = (body: unknown, key = 'invite', headers: Record<string, string> = {}): Promise<Answer> =>
  api.call('POST', `/v1/workflows/${key}/trigger`, { body, headers })

async function accepted(body: unknown, key = 'invite'): Promise<TriggerAnswer> {
  const answer = await trigger(body, key)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body as TriggerAnswer
}

async function stored({ workflow_run_id: id }: TriggerAnswer) {
  const [row] = await db.select().from(triggers).where(eq(triggers.workflowRunId, id))
  const [first, last] = rowsOf(row!.id)
  const rows = await db.select().from(recipientRuns).orderBy(recipientRuns.id)
  return { trigger: row!, rows: rows.filter(({ id }) => id >= first && id <= last) }
}

const people = (count: number) => Array.from({ length: count }, (_, i) => `user-${i}`)
const long = (length: number) => 'x'.repeat(length)

/** A body is sent as JSON; a text as it is. */
const refusals: [what: string, body: unknown, fields: string[], key?: string][] = [
  ['no recipients', {}, ['recipients required']],
  ['recipients null', { recipients: null }, ['recipients cast']],
  ['nobody', { recipients: [] }, ['recipients length']],
  ['recipients as a text', { recipients: 'ada' }, ['recipients cast']],
  ['10,001 recipients', { recipients: people(10_001) }, ['recipients length']],
  ['a recipient that is a number', { recipients: ['ada', 5] }, ['recipients[1] cast']],
  ['a recipient that is null', { recipients: [null] }, ['recipients[0] cast']],
  ['an empty id', { recipients: [''] }, ['recipients[0] length']],
  ['an id with a slash', { recipients: ['a/b'] }, ['recipients[0] format']],
  ['an id with a #', { recipients: ['a#b'] }, ['recipients[0] format']],
  ['an id of 257 characters', { recipients: [long(257)] }, ['recipients[0] length']],
  ['a user without an id', { recipients: [{}] }, ['recipients[0].id required']],
  ['a user whose id is a number', { recipients: [{ id: 5 }] }, ['recipients[0].id cast']],
  ['a user with a bad id', { recipients: [{ id: 'a/b' }] }, ['recipients[0].id format']],
  ['a user with a bad property', { recipients: [{ id: 'a', email: 5 }] }, ['recipients[0].email cast']],
  ['more than 256 kB of a user', { recipients: [{ id: 'a', bio: long(262_144) }] }, ['recipients[0] length']],
  ['preferences inline', { recipients: [{ id: 'a', preferences: 5 }] }, ['recipients[0].preferences cast']],
  ['an object without an id', { recipients: [{ collection: 'c' }] }, ['recipients[0].id required']],
  [
    'an object of a bad collection',
    { recipients: [{ collection: 'a#b', id: 'a' }] },
    ['recipients[0].collection format'],
  ],
  ['an object of collection 5', { recipients: [{ collection: 5, id: 'a' }] }, ['recipients[0].collection cast']],
  ['$trigger_data as a list', { recipients: [{ id: 'a', $trigger_data: [] }] }, ['recipients[0].$trigger_data cast']],
  ['an actor without an id', { recipients: ['ada'], actor: {} }, ['actor.id required']],
  ['an actor that is a number', { recipients: ['ada'], actor: 5 }, ['actor cast']],
  ['an empty tenant', { recipients: ['ada'], tenant: '' }, ['tenant length']],
  ['a tenant without an id', { recipients: ['ada'], tenant: { name: 'Acme' } }, ['tenant.id required']],
  ['a tenant that is a number', { recipients: ['ada'], tenant: 5 }, ['tenant cast']],
  [
    'both spellings that differ',
    { recipients: ['ada'], cancelation_key: 'a', cancellation_key: 'b' },
    ['cancelation_key conflict'],
  ],
  ['an empty key', { recipients: ['ada'], cancelation_key: '' }, ['cancelation_key length']],
  ['a key of 1,001 characters', { recipients: ['ada'], cancellation_key: long(1_001) }, ['cancellation_key length']],
  ['a fraction as key', { recipients: ['ada'], cancelation_key: 1.5 }, ['cancelation_key cast']],
  [
    'a number that is not exact as key',
    '{"recipients":["ada"],"cancelation_key":9007199254740993}',
    ['cancelation_key format'],
  ],
  ['a boolean as key', { recipients: ['ada'], cancelation_key: true }, ['cancelation_key cast']],
  ['a key with U+0000', { recipients: ['ada'], cancelation_key: 'a\u0000' }, ['cancelation_key format']],
  ['a key with half a pair', '{"recipients":["ada"],"cancelation_key":"\\ud800"}', ['cancelation_key format']],
  ['data as a list', { recipients: ['ada'], data: [] }, ['data cast']],
  ['data as a text', { recipients: ['ada'], data: 'x' }, ['data cast']],
  ['data with U+0000', { recipients: ['ada'], data: { a: ['\u0000'] } }, ['data.a[0] format']],
  ['more than 10 MB of data', { recipients: ['ada'], data: { a: long(10 * 1_024 * 1_024) } }, ['data length']],
  [
    'an unknown on_conflict',
    { recipients: ['ada'], settings: { on_conflict: 'x' } },
    ['settings.on_conflict inclusion'],
  ],
  ['skip_delay as a text', { recipients: ['ada'], settings: { skip_delay: 'yes' } }, ['settings.skip_delay cast']],
  ['a missing instant', { recipients: ['ada'] }, ['data.remind_at invalid'], 'remind'],
  ['a malformed instant', { recipients: ['ada'], data: { remind_at: 'soon' } }, ['data.remind_at invalid'], 'remind'],
  [
    'an instant without a zone',
    { recipients: ['ada'], data: { remind_at: '2026-03-02T09:00:00' } },
    ['data.remind_at invalid'],
    'remind',
  ],
  [
    'an instant over a year ahead',
    { recipients: ['ada'], data: { remind_at: '2027-03-02T12:00:00Z' } },
    ['data.remind_at invalid'],
    'remind',
  ],
  [
    'an instant 61 s past',
    { recipients: ['ada'], data: { remind_at: '2026-03-01T11:58:59Z' } },
    ['data.remind_at invalid'],
    'remind',
  ],
  ['several at once', { recipients: ['a/b', 5], data: 3 }, ['recipients[0] format', 'recipients[1] cast', 'data cast']],
]

for (const [what, body, fields, key] of refusals) {
  test(`${what}: refused by the field's name, and nothing is stored`, async () => {
    const before = await db.$count(triggers)
    assert.deepEqual(assertRefused(await trigger(body, key), 422, 'invalid_params'), fields)
    assert.equal(await db.$count(triggers), before)
  })
}

test('a body that is no JSON, too large a body, an unknown and an inactive workflow have codes of their own', async () => {
  const cases: [unknown, string, number, ErrorCode][] = [
    ['{"recipients":', 'invite', 400, 'malformed_json'],
    [{ recipients: [long(21 * 1_024 * 1_024)] }, 'invite', 413, 'payload_too_large'],
    [{ recipients: ['ada'] }, 'unknown', 404, 'workflow_missing'],
    [{ recipients: ['ada'] }, 'off', 422, 'workflow_inactive'],
  ]
  for (const [body, key, status, code] of cases)
    assert.deepEqual(assertRefused(await trigger(body, key), status, code), [])
})

test('an instant of one recipient’s own is named by its place in the request, also after repeats', async () => {
  const recipients = [
    'ada',
    'ada',
    { id: 'bob', $trigger_data: { remind_at: 'soon' } },
    { id: 'carl', $trigger_data: { x: 1 } },
  ]
  const named = async (data: object) =>
    assertRefused(await trigger({ recipients, data }, 'remind'), 422, 'invalid_params')
  assert.deepEqual(await named({ remind_at: '2026-03-02T09:00:00Z' }), [
    'recipients[2].$trigger_data.remind_at invalid',
  ])
  // What all share is told once, though ada and carl both need it.
  assert.deepEqual(await named({}), ['data.remind_at invalid', 'recipients[2].$trigger_data.remind_at invalid'])
})

test('thousands of faults are told by the first hundred', async () => {
  assert.equal(assertRefused(await trigger({ recipients: Array(5_000).fill(5) }), 422, 'invalid_params').length, 100)
  const recipients = people(5_000).map((id) => ({ id, $trigger_data: { remind_at: 'soon' } }))
  assert.equal(assertRefused(await trigger({ recipients }, 'remind'), 422, 'invalid_params').length, 100)
})

test('an instant just past means now; skip_delay does not look at it', async () => {
  const past = await accepted({ recipients: ['ada'], data: { remind_at: '2026-03-01T11:59:01Z' } }, 'remind')
  const skipped = await accepted({ recipients: ['ada'], settings: { skip_delay: true } }, 'remind')
  for (const answer of [past, skipped]) {
    const { rows } = await stored(answer)
    assert.deepEqual([rows[0]?.step, rows[0]?.due?.getTime()], [0, NOW])
  }
})

test('each recipient sleeps until their own instant', async () => {
  const answer = await accepted(
    {
      recipients: ['ada', { id: 'bob', $trigger_data: { remind_at: '2026-03-04T09:00:00+01:00' } }],
      data: { remind_at: '2026-03-02T09:00:00Z', plan: 'pro' },
    },
    'remind',
  )
  const { rows, trigger: written } = await stored(answer)
  assert.deepEqual(
    rows.map((row) => [row.recipient, row.step, row.due?.toISOString(), row.triggerData]),
    [
      ['ada', 0, '2026-03-02T09:00:00.000Z', null],
      ['bob', 0, '2026-03-04T08:00:00.000Z', { remind_at: '2026-03-04T09:00:00+01:00' }],
    ],
  )
  assert.deepEqual(written.data, { remind_at: '2026-03-02T09:00:00Z', plan: 'pro' })
  // A user named with trigger data only is not identified by it.
  assert.equal(await findUser(db, 'bob'), undefined)
})

test('10,000 recipients are accepted, and repeats of one count once', async () => {
  const answer = await accepted({ recipients: [...people(10_000), 'user-0', { id: 'user-1', name: 'One' }] })
  assert.equal((await stored(answer)).trigger.recipientCount, 10_000)
})

test('a trigger keeps who caused it, for which tenant and with what data', async () => {
  const { trigger: plain } = await stored(await accepted({ recipients: ['ada'], actor: 'never seen', tenant: 'acme' }))
  assert.deepEqual([plain.actor, plain.tenant, plain.data], ['never seen', 'acme', {}])
  const inline = {
    actor: { collection: 'teams', id: 'red', name: 'Red' },
    tenant: { id: 'acme', name: 'Acme' },
    data: null,
  }
  const { trigger: rich } = await stored(await accepted({ recipients: ['ada'], ...inline }))
  assert.deepEqual([rich.actor, rich.tenant, rich.data], ['teams#red', 'acme', {}])
  assert.deepEqual((await db.select().from(tenants).where(eq(tenants.id, 'acme')))[0]?.properties, { name: 'Acme' })
  assert.deepEqual((await loadRecipients(db, ['teams#red'])).get('teams#red'), { name: 'Red' })
  const { trigger: none } = await stored(await accepted({ recipients: ['ada'], actor: null, tenant: null }))
  assert.deepEqual([none.actor, none.tenant], [null, null])
})

test('inline users are merged with what is stored, null clears, and of repeats the last wins', async () => {
  const name = async (user: object) => accepted({ recipients: [{ id: 'inline', ...user }] })
  await name({ name: 'Ada', email: 'a@example.com', plan: { seats: 1 } })
  await name({ email: null, plan: { tier: 2 } })
  assert.deepEqual((await findUser(db, 'inline'))?.properties, { name: 'Ada', plan: { tier: 2 } })
  const repeats = [
    { id: 'inline', name: 'First', $trigger_data: { n: 1 } },
    'bob',
    { id: 'inline', name: 'Last', $trigger_data: { n: 2 } },
  ]
  const { rows } = await stored(await accepted({ recipients: repeats }))
  assert.equal((await findUser(db, 'inline'))?.properties['name'], 'Last')
  assert.deepEqual(
    rows.map((row) => [row.recipient, row.triggerData]),
    [
      ['inline', { n: 2 }],
      ['bob', null],
    ],
  )
})

test('a refused trigger stores none of its users', async () => {
  await trigger({ recipients: [{ id: 'refused', name: 'No' }] }, 'remind')
  assert.equal(await findUser(db, 'refused'), undefined)
})

test('either spelling of the key, a number for its text, null for none', async () => {
  const keyed = async (fields: object) => (await accepted({ recipients: ['ada'], ...fields })).joined
  assert.equal(await keyed({ cancelation_key: '77' }), undefined)
  for (const same of [
    { cancellation_key: '77' },
    { cancelation_key: 77 },
    { cancelation_key: '77', cancellation_key: 77 },
  ]) {
    assert.equal(await keyed(same), true, JSON.stringify(same))
  }
  assert.equal(await keyed({ cancelation_key: null, cancellation_key: null }), undefined)
  assert.equal(await keyed({ cancelation_key: null, cancellation_key: '77' }), true)
  assert.equal(await keyed({ cancelation_key: '💥'.repeat(1_000) }), undefined)
})

test('what is pending is joined, replaced or kept', async () => {
  const on = (on_conflict: string, recipient: string) =>
    accepted({ recipients: [recipient], cancelation_key: 'conflict', settings: { on_conflict } })
  const first = await on('keep', 'ada')
  assert.equal(first.kept, undefined)
  const joined = await on('join', 'bob')
  assert.equal(joined.joined, true)
  const kept = await on('keep', 'carl')
  assert.deepEqual(kept, { workflow_run_id: joined.workflow_run_id, kept: true })
  const replacing = await on('replace', 'dora')
  assert.deepEqual(
    replacing.replaced?.recipients.map(({ id, outcome }) => [id, outcome]),
    [
      ['ada', 'canceled'],
      ['bob', 'canceled'],
    ],
  )
  assert.equal(replacing.joined, undefined)
  const canceled = await api.call('POST', '/v1/workflows/invite/cancel', { body: { cancelation_key: 'conflict' } })
  assert.deepEqual(
    (canceled.body as { recipients: { id: string }[] }).recipients.map(({ id }) => id),
    ['dora'],
  )
  assert.equal((await on('replace', 'emil')).replaced, undefined)
})

test('the API of May 2021 triggers by name, in either spelling, and answers result_id', async () => {
  const notify = (body: object) =>
    api.call('POST', '/v1/notify', { body: { recipients: ['ada'], actor: 'bob', ...body } })
  const first = (await notify({ name: 'invite', cancelation_key: 'legacy' })).body as { result_id: string }
  assert.equal((await stored({ workflow_run_id: first.result_id })).trigger.actor, 'bob')
  const second = (await notify({ name: 'invite', cancellation_key: 'legacy' })).body as { joined: true }
  assert.equal(second.joined, true)
  assertRefused(await notify({ name: 'unknown' }), 404, 'workflow_missing')
  assert.deepEqual(assertRefused(await notify({}), 422, 'invalid_params'), ['name required'])
  assert.deepEqual(assertRefused(await notify({ name: 'invite', recipients: ['a/b'] }), 422, 'invalid_params'), [
    'recipients[0] format',
  ])
})
