import Knock, { NotFoundError, UnprocessableEntityError } from 'knock-node-1'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { carryOnBulk } from '../../engine/bulk-operations.ts'
import { carryOutSchedule } from '../../engine/schedules/carry-out.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const T = Date.parse('2026-03-02T12:00:00Z')
const log = pino({ level: 'silent' })

let api: ApiServer
let knock: Knock
before(async () => {
  const catalog = catalogOf(testVersion('reminder', ['wait', 'feed']))
  api = await startApi(catalog, undefined, { BELAY_TIME_ZONE: 'Asia/Tokyo' })
  api.clock.now = T
  await publishCatalog(api.deps.store.db, catalog)
  knock = new Knock({ apiKey: SECRET_KEY, baseURL: api.url })
})
after(() => api.close())

type Schedule = Knock.Schedules.Schedule & { cancelation_key: string | null; scheduled_at: string | null }

async function create(body: object): Promise<Schedule[]> {
  return (await knock.schedules.create({ workflow: 'reminder', ...body } as never)) as Schedule[]
}

const iso = (at: number) => new Date(at).toISOString()
const isSame = (text: string | null | undefined, at: number | null) =>
  assert.equal(text == null ? null : Date.parse(text), at)

/** As Temporal wakes it at `at`, when the clock shows `now`. */
async function wake(id: string, at: number, now = at): Promise<boolean> {
  api.clock.now = now
  return carryOutSchedule({ ...api.deps, log }, id, at)
}

async function runsOf(recipient: string) {
  const { items } = await knock.workflowRecipientRuns.list({ recipient })
  return items
}

test('one that occurs once triggers once, however often it is woken, and is canceled by its key', async () => {
  api.clock.now = T
  const [made] = await create({
    recipients: [{ id: 'once', name: 'Ona', timezone: 'Europe/Berlin' }],
    actor: 'grace',
    tenant: 'acme',
    data: { plan: 'pro' },
    cancelation_key: 'visit_1',
    scheduled_at: iso(T + MINUTE),
  })
  const { id, recipient, ...shown } = made!
  assert.equal((recipient as { name?: string }).name, 'Ona')
  assert.deepEqual(
    [shown.workflow, shown.tenant, shown.data, shown.repeats, shown.cancelation_key, shown.last_occurrence_at],
    ['reminder', 'acme', { plan: 'pro' }, [], 'visit_1', null],
  )
  isSame(shown.next_occurrence_at, T + MINUTE)
  assert.equal(await wake(id, T + MINUTE - 1), true)
  assert.equal((await runsOf('once')).length, 0)
  await Promise.all([1, 2, 3, 4, 5].map(() => wake(id, T + MINUTE)))
  const [run, ...more] = await runsOf('once')
  assert.equal(more.length, 0)
  assert.deepEqual(
    [run!.trigger_source.type, run!.trigger_source.schedule_id, run!.trigger_source.cancellation_key, run!.tenant],
    ['schedule', id, 'visit_1', 'acme'],
  )
  const [after] = (await knock.users.listSchedules('once')).entries
  isSame(after!.last_occurrence_at, T + MINUTE)
  assert.equal(after!.next_occurrence_at, null)
  const verdict = (await knock.workflows.cancel('reminder', { cancellation_key: 'visit_1' })) as unknown
  assert.equal((verdict as { status: string }).status, 'applied')
})

test('one that repeats does so in the recipient’s zone; what was missed is carried out once, for the last of it', async () => {
  api.clock.now = T
  const repeats = [{ frequency: 'daily' as const, hours: 9, minutes: 30 }]
  const [made] = await create({ recipients: [{ id: 'daily', timezone: 'America/New_York' }], repeats })
  const { id, repeats: shown } = made!
  assert.deepEqual(shown, [
    {
      __typename: 'ScheduleRepeat',
      frequency: 'daily',
      interval: 1,
      days: null,
      day_of_month: null,
      hours: 9,
      minutes: 30,
    },
  ])
  const first = Date.parse('2026-03-02T14:30:00Z')
  isSame(made!.next_occurrence_at, first)
  await wake(id, first)
  await wake(id, first)
  assert.equal((await runsOf('daily')).length, 1)
  // Three days away; on 8 March the clocks change there.
  await wake(id, first + DAY, Date.parse('2026-03-08T15:00:00Z'))
  await wake(id, first + 2 * DAY, Date.parse('2026-03-08T15:00:00Z'))
  assert.equal((await runsOf('daily')).length, 2)
  const [now] = (await knock.users.listSchedules('daily')).entries
  isSame(now!.last_occurrence_at, Date.parse('2026-03-08T13:30:00Z'))
  isSame(now!.next_occurrence_at, Date.parse('2026-03-09T13:30:00Z'))
})

test('one of a recipient without a zone goes by BELAY_TIME_ZONE', async () => {
  api.clock.now = T
  const [made] = await create({ recipients: ['nowhere'], repeats: [{ frequency: 'daily', hours: 9, minutes: 30 }] })
  isSame(made!.next_occurrence_at, Date.parse('2026-03-03T00:30:00Z'))
})

test('an update changes what is given and keeps the rest; the next occurrence is the first from now on', async () => {
  api.clock.now = T
  await knock.users.update('moved', { timezone: 'Etc/UTC' })
  const [made] = await create({ recipients: ['moved'], scheduled_at: iso(T + MINUTE), data: { n: 1 } })
  const schedule_ids = [made!.id]
  const [later] = await knock.schedules.update({ schedule_ids, scheduled_at: iso(T + DAY), actor: 'grace' })
  isSame(later!.next_occurrence_at, T + DAY)
  assert.deepEqual([later!.data, later!.actor!.id], [{ n: 1 }, 'grace'])
  await wake(made!.id, T + MINUTE)
  assert.equal((await runsOf('moved')).length, 0)
  const repeats = [{ frequency: 'weekly' as const, days: ['fri' as const], hours: 8 }]
  const ending_at = iso(T + 30 * DAY)
  const [weekly] = await knock.schedules.update({ schedule_ids, repeats, ending_at, scheduled_at: null, data: null })
  isSame(weekly!.next_occurrence_at, Date.parse('2026-03-06T08:00:00Z'))
  assert.deepEqual(weekly!.data, {})
  await wake(made!.id, T + 31 * DAY)
  const [over] = (await knock.users.listSchedules('moved')).entries
  isSame(over!.last_occurrence_at, Date.parse('2026-03-27T08:00:00Z'))
  assert.equal(over!.next_occurrence_at, null)
  await assert.rejects(knock.schedules.update({ schedule_ids: [crypto.randomUUID()], data: {} }), NotFoundError)
})

test('lists by workflow, recipients, tenant, user and object, newest first, page by page', async () => {
  api.clock.now = T
  const team = { collection: 'teams', id: 'red' }
  const scheduled_at = iso(T + DAY)
  const made = await create({ recipients: ['l1', 'l2', team, 'l4', 'l5'], scheduled_at, tenant: 'listed' })
  const ids = made.map(({ id }) => id).reverse()
  const all = await knock.schedules.list({ workflow: 'reminder', tenant: 'listed' })
  assert.deepEqual(
    all.entries.map(({ id }) => id),
    ids,
  )
  const pages: string[] = []
  for await (const { id } of knock.schedules.list({ workflow: 'reminder', tenant: 'listed', page_size: 2 }))
    pages.push(id)
  assert.deepEqual(pages, ids)
  const some = await knock.schedules.list({ workflow: 'reminder', recipients: ['l1', team] })
  assert.deepEqual(
    some.entries.map(({ id }) => id),
    [made[2]!.id, made[0]!.id],
  )
  assert.equal((await knock.schedules.list({ workflow: 'other' })).entries.length, 0)
  assert.equal((await knock.objects.listSchedules('teams', 'red')).entries[0]!.id, made[2]!.id)
})

test('an object is told itself, and not its subscribers', async () => {
  api.clock.now = T
  await knock.objects.addSubscriptions('teams', 'blue', { recipients: ['s1', 's2'] })
  const [made] = await create({ recipients: [{ collection: 'teams', id: 'blue' }], scheduled_at: iso(T + MINUTE) })
  await wake(made!.id, T + MINUTE)
  const { items } = await knock.workflowRecipientRuns.list()
  const of = items.filter(({ trigger_source }) => trigger_source.schedule_id === made!.id)
  assert.deepEqual(
    of.map(({ recipient }) => recipient),
    [{ collection: 'teams', id: 'blue' }],
  )
})

test('deleted ones trigger nothing more: by their ids, in a query, and with their recipient', async () => {
  api.clock.now = T
  const scheduled_at = iso(T + MINUTE)
  const made = await create({ recipients: ['d1', 'd2', { id: 'd3', name: 'D' }], scheduled_at })
  const [first] = await knock.schedules.delete({ schedule_ids: [made[0]!.id] })
  assert.equal(first!.id, made[0]!.id)
  const second = await api.call('DELETE', `/v1/schedules?schedule_ids[]=${made[1]!.id}`, { body: {} })
  assert.equal(second.status, 200)
  await knock.users.delete('d3')
  for (const { id } of made) assert.equal(await wake(id, T + MINUTE), false)
  for (const who of ['d1', 'd2', 'd3']) assert.equal((await runsOf(who)).length, 0)
  await assert.rejects(knock.schedules.delete({ schedule_ids: [made[0]!.id] }), NotFoundError)
})

test('schedules are made in bulk, and what a workflow does not take is passed over', async () => {
  api.clock.now = T
  const schedules = Array.from({ length: 60 }, (_, i) => {
    return { workflow: 'reminder', recipient: { id: `b${i}`, name: `B${i}` }, scheduled_at: iso(T + MINUTE) }
  })
  const begun = await knock.schedules.bulk.create({ schedules })
  while (!(await carryOnBulk(api.deps, begun.id)));
  const operation = await knock.bulkOperations.get(begun.id)
  assert.deepEqual([operation.status, operation.success_count], ['completed', 60])
  const [made] = (await knock.users.listSchedules('b59')).entries
  assert.equal((made!.recipient as { name?: string }).name, 'B59')
  await wake(made!.id, T + MINUTE)
  assert.equal((await runsOf('b59')).length, 1)
})

test('what would never occur, and what is no schedule, is refused with its field', async () => {
  api.clock.now = T
  const post = async (body: object) => {
    const given = { workflow: 'reminder', recipients: ['x'], ...body }
    return assertRefused(await api.call('POST', '/v1/schedules', { body: given }), 422, 'invalid_params')
  }
  assert.deepEqual(await post({}), ['scheduled_at required'])
  assert.deepEqual(await post({ scheduled_at: iso(T) }), ['scheduled_at invalid'])
  assert.deepEqual(await post({ scheduled_at: iso(T + DAY), ending_at: iso(T) }), ['ending_at invalid'])
  assert.deepEqual(await post({ repeats: [{ frequency: 'monthly', day_of_month: 32 }] }), [
    'repeats[0].day_of_month length',
  ])
  assert.deepEqual(await post({ repeats: [{ frequency: 'yearly' }] }), ['repeats[0].frequency inclusion'])
  assert.deepEqual(await post({ scheduled_at: iso(T + DAY), recipients: Array(101).fill('x') }), ['recipients length'])
  const unknown = await api.call('POST', '/v1/schedules', {
    body: { workflow: 'never', recipients: ['x'], scheduled_at: iso(T + DAY) },
  })
  assertRefused(unknown, 404, 'workflow_missing')
  await assert.rejects(
    knock.schedules.bulk.create({ schedules: [{ workflow: 'reminder', recipient: 'x' }] }),
    UnprocessableEntityError,
  )
})
