import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { eq } from 'drizzle-orm'
import type { z } from 'zod'
import type { recipientRun, recipientRunWithEvents } from '../../resources/recipient-run.ts'
import type { Database } from '../../store/postgres/database.ts'
import { batches, cancels, recipientRunEvents, recipientRuns } from '../../store/schema/index.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { catalog, seedMessage, seedTrigger } from '../../testing/fixtures/seed.ts'

let api: ApiServer
let db: Database
before(async () => {
  api = await startApi(catalog)
  db = api.deps.store.db
})
after(() => api.close())

type Run = z.output<typeof recipientRun>
type RunWithEvents = z.output<typeof recipientRunWithEvents>
interface List {
  items: Run[]
  page_info: { after: string | null; before: string | null }
}

async function list(query: string): Promise<List> {
  const answer = await api.call('GET', `/v1/workflow_recipient_runs?${query}`)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body as List
}
const found = async (query: string) => (await list(query)).items.map(({ id }) => id)
const get = async (id: string) => (await api.call('GET', `/v1/workflow_recipient_runs/${id}`)).body as RunWithEvents
const later = (ms: number) => new Date(api.clock.now + ms)

test('a sleeper is paused, with the step to come and the instant it goes on', async () => {
  const due = later(86_400_000)
  const [run] = await seedTrigger(db, {
    recipients: ['teams#red'],
    actor: 'ada',
    tenant: 'acme',
    cancelationKey: 'order-1',
    acceptedAt: later(0),
    recipientRun: { step: 1, due },
  })
  assert.deepEqual((await list('recipient[collection]=teams&recipient[id]=red')).items, [
    {
      __typename: 'WorkflowRecipientRun',
      id: run!.uuid,
      workflow_run_id: run!.trigger.workflowRunId,
      workflow: 'new-comment',
      recipient: { collection: 'teams', id: 'red' },
      via: null,
      actor: 'ada',
      tenant: 'acme',
      status: 'paused',
      error_count: 0,
      canceled_by: null,
      reason: null,
      step: 'feed',
      scheduled_at: due.toISOString(),
      trigger_source: {
        type: 'api',
        cancellation_key: 'order-1',
        cancelation_key: 'order-1',
        schedule_id: null,
        audience_key: null,
      },
      inserted_at: later(0).toISOString(),
      updated_at: later(0).toISOString(),
    },
  ])
})

test('each status is told in Knock’s word, and can be asked for by it', async () => {
  const seed = async (recipientRun: NonNullable<Parameters<typeof seedTrigger>[1]['recipientRun']>) =>
    (await seedTrigger(db, { definition: 'statuses', recipients: ['ada'], recipientRun }))[0]!.uuid
  const ids = {
    paused: await seed({ status: 'waiting', due: later(60_000) }),
    queued: await seed({ status: 'waiting', due: later(-1) }),
    processing: await seed({ status: 'claimed', due: later(60_000) }),
    completed: await seed({ status: 'ended' }),
    cancelled: await seed({ status: 'canceled', due: later(60_000) }),
  }
  const failed = await seed({ status: 'ended', errorCount: 1, reason: 'template_error' })
  for (const [status, id] of Object.entries(ids)) {
    const run = await get(id)
    assert.equal(run.status, status)
    assert.equal(run.scheduled_at !== null, status === 'paused', status)
    assert.equal(run.step !== null, ['paused', 'queued', 'processing'].includes(status), status)
    if (status !== 'completed') assert.deepEqual(await found(`workflow=statuses&status[]=${status}`), [id])
  }
  assert.deepEqual(await found('workflow=statuses&status[]=completed&has_errors=true'), [failed])
  assert.deepEqual(await found('workflow=statuses&status[]=completed&has_errors=false'), [ids.completed])
  assert.deepEqual(await found('workflow=statuses&status[]=paused&status[]=queued'), [ids.queued, ids.paused])
  api.clock.now += 120_000
  assert.equal((await get(ids.paused)).status, 'queued')
  api.clock.now -= 120_000
})

test('each filter narrows the list to what it says', async () => {
  const acceptedAt = new Date('2026-03-01T00:00:00Z')
  const [a, b] = await seedTrigger(db, {
    definition: 'one',
    cancelationKey: 'key',
    recipients: ['u1', 'u2'],
    acceptedAt,
  })
  const [c] = await seedTrigger(db, { definition: 'two', cancelationKey: 'key', recipients: ['u1'], tenant: 't' })
  const [d] = await seedTrigger(db, { definition: 'one', cancelationKey: 'Key', recipients: ['u3'] })
  assert.deepEqual(await found('cancelation_key=key'), [c!.uuid, b!.uuid, a!.uuid])
  assert.deepEqual(await found('cancellation_key=key&workflow=one'), [b!.uuid, a!.uuid])
  assert.deepEqual(await found('cancelation_key=Key'), [d!.uuid])
  assert.deepEqual(await found('cancelation_key=none'), [])
  assert.deepEqual(await found(`workflow_run_id=${a!.trigger.workflowRunId}`), [b!.uuid, a!.uuid])
  assert.deepEqual(await found('cancelation_key=key&recipient=u1'), [c!.uuid, a!.uuid])
  assert.deepEqual(await found('tenant=t'), [c!.uuid])
  const day = 'starting_at=2026-03-01T00:00:00Z&ending_at=2026-03-01T00:00:00Z'
  assert.deepEqual(await found(day), [b!.uuid, a!.uuid])
})

test('a filter that cannot be read is refused by its name', async () => {
  for (const [query, field] of [
    ['status[]=asleep', 'status[0]'],
    ['starting_at=today', 'starting_at'],
    ['after=WyIyMDI2LTAxLTAxVDAwOjAwOjAwWiIsMSwxXQ', 'after'],
    ['workflow_run_id=x', 'workflow_run_id'],
    ['has_errors=perhaps', 'has_errors'],
    ['cancelation_key=a&cancellation_key=b', 'cancelation_key'],
  ]) {
    const answer = await api.call('GET', `/v1/workflow_recipient_runs?${query}`)
    assert.equal(answer.status, 422, query)
    assert.equal((answer.body as { errors: { field: string }[] }).errors[0]?.field, field)
  }
})

test('pages of runs follow each other in both directions', async () => {
  const recipients = Array.from({ length: 5 }, (_, i) => `page-${i}`)
  const uuids = (await seedTrigger(db, { definition: 'paged', recipients })).map(({ uuid }) => uuid).reverse()
  const first = await list('workflow=paged&page_size=2')
  const second = await list(`workflow=paged&page_size=2&after=${first.page_info.after}`)
  const third = await list(`workflow=paged&page_size=2&after=${second.page_info.after}`)
  const pages = [first, second, third].map(({ items }) => items.map(({ id }) => id))
  assert.deepEqual(pages.flat(), uuids)
  assert.equal(third.page_info.after, null)
  const back = await list(`workflow=paged&page_size=2&before=${third.page_info.before}`)
  assert.deepEqual(back.items, second.items)
})

test('a run tells its story: arrival, messages, tries, and who canceled it and why', async () => {
  const acceptedAt = new Date('2026-01-01T00:00:00Z')
  const minute = (minutes: number) => new Date(acceptedAt.getTime() + minutes * 60_000)
  const [cancel] = await db
    .insert(cancels)
    .values({ runId: 1, apiKey: 'abc', reason: 'order withdrawn', createdAt: minute(4) })
    .returning()
  const [run] = await seedTrigger(db, {
    recipients: ['story'],
    acceptedAt,
    recipientRun: { step: 2, status: 'canceled', cancelId: cancel!.id, updatedAt: minute(4) },
  })
  const id = await seedMessage(db, run!, { insertedAt: minute(1) })
  await db.insert(recipientRunEvents).values({
    recipientRunId: run!.row,
    event: 'retry',
    status: 'error',
    step: 2,
    attempt: 1,
    data: { reason: 'try later' },
    insertedAt: minute(2),
  })
  const { events } = await get(run!.uuid)
  assert.deepEqual(
    events.map(({ event, status, step_ref, step_type, attempt, data }) => [
      event,
      status,
      step_ref,
      step_type,
      attempt,
      data,
    ]),
    [
      ['received', 'ok', null, null, null, null],
      ['message_created', 'ok', 'feed', 'channel', null, { message_id: id, status: 'delivered', reason: null }],
      ['retry', 'error', 'mail', 'channel', 1, { reason: 'try later' }],
      ['canceled', 'ok', null, null, null, { api_key: 'abc', reason: 'order withdrawn' }],
    ],
  )
  assert.equal(events[3]?.inserted_at, minute(4).toISOString())
  assert.equal(new Set(events.map((event) => event.id)).size, events.length)
})

test('what happened at one instant is told in the order of the walk, and why before what was made', async () => {
  const insertedAt = new Date('2026-01-01T00:00:00Z')
  const recipientRun = { status: 'ended', updatedAt: insertedAt } as const
  const [run] = await seedTrigger(db, { recipients: ['order'], acceptedAt: insertedAt, recipientRun })
  await seedMessage(db, run!, { insertedAt })
  const record = { recipientRunId: run!.row, status: 'ok', attempt: 1, data: {}, insertedAt } as const
  await db.insert(recipientRunEvents).values([
    { ...record, event: 'step_skipped', step: 0 },
    { ...record, event: 'step_conditions_held', step: 1 },
    { ...record, event: 'step_skipped', step: 2 },
  ])
  const { events } = await get(run!.uuid)
  assert.deepEqual(
    events.map(({ event, step_ref }) => [event, step_ref]),
    [
      ['received', null],
      ['step_skipped', 'wait'],
      ['step_conditions_held', 'feed'],
      ['message_created', 'feed'],
      ['step_skipped', 'mail'],
      ['completed', null],
    ],
  )
})

test('a run that joined a batch names the one that carries it on', async () => {
  const insertedAt = new Date('2026-01-01T00:00:00Z')
  const recipientRun = { status: 'ended', updatedAt: insertedAt } as const
  const seed = async () => (await seedTrigger(db, { recipients: ['joined'], acceptedAt: insertedAt, recipientRun }))[0]!
  const [carrier, member] = [await seed(), await seed()]
  const closesAt = new Date('2026-01-01T01:00:00Z')
  const batch = { recipient: 'joined', key: 'k', stepRef: 'wait', carrier: carrier.row, openedAt: insertedAt, closesAt }
  const [{ id } = { id: 0 }] = await db.insert(batches).values(batch).returning()
  for (const { row } of [carrier, member])
    await db.update(recipientRuns).set({ batchId: id, step: 0, enteredAt: insertedAt }).where(eq(recipientRuns.id, row))
  const told = async ({ uuid }: typeof member) => (await get(uuid)).events.map(({ event, data }) => [event, data])
  const carried_by = { workflow_run_id: carrier.trigger.workflowRunId, workflow_recipient_run_id: carrier.uuid }
  assert.deepEqual(await told(member), [
    ['received', null],
    ['batch_joined', { carried_by, closes_at: closesAt.toISOString() }],
    ['completed', null],
  ])
  assert.deepEqual(await told(carrier), [
    ['received', null],
    ['completed', null],
  ])
})

test('a run that is through says so, and a failed one why', async () => {
  const seed = async (recipientRun: NonNullable<Parameters<typeof seedTrigger>[1]['recipientRun']>) => {
    const [run] = await seedTrigger(db, { recipients: ['through'], recipientRun })
    return (await get(run!.uuid)).events.at(-1)
  }
  const completed = await seed({ status: 'ended' })
  assert.deepEqual([completed?.event, completed?.status, completed?.data], ['completed', 'ok', null])
  const failed = await seed({ status: 'ended', errorCount: 1, reason: 'no address' })
  assert.deepEqual([failed?.event, failed?.status, failed?.data], ['failed', 'error', { reason: 'no address' }])
})

test('an id that is no run, or only looks like one, is missing', async () => {
  const [run] = await seedTrigger(db, { recipients: ['missing'] })
  const forged = (run!.uuid.startsWith('0') ? '1' : '0') + run!.uuid.slice(1)
  for (const id of ['nothing', randomUUID(), forged, run!.trigger.workflowRunId]) {
    assert.equal((await api.call('GET', `/v1/workflow_recipient_runs/${id}`)).status, 404)
  }
  assert.equal((await get(run!.uuid.toUpperCase())).id, run!.uuid)
})
