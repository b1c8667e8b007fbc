import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query } from '../../store/postgres/database.ts'
import { HOUSEKEEPING_ID } from '../../temporal/deployment.ts'
import { keepFigures } from '../../testing/fixtures/reliability-page.ts'
import { inLanes } from '../../testing/fixtures/lanes.ts'
import { until } from '../../testing/fixtures/until.ts'
import { outageOf } from '../../testing/product/outage.ts'
import { HOUSEKEEPING, NOTIFICATION_RUN } from '../../workflows/names.ts'

/** Triggers canceled before Temporal knew of them. Smaller for a try by hand. */
const CANCELED = Number(process.env['CANCELED_TRIGGERS'] ?? 20_000)
const PATIENCE_MS = 9 * 60_000
/** A run that is started again is worked on to its end, some seven commits of the server's to one of a plain start. */
const RATIO = 12
const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`

test(`${CANCELED} triggers canceled before Temporal knew of them leave nothing behind`, async (t) => {
  const { product, db, outage, open } = await outageOf(t)
  const { belay, temporal } = product
  const numbers = Array.from({ length: CANCELED }, (_, i) => i)
  const told = await outage(
    numbers,
    async (n) => {
      const cancelation_key = `canceled-${n}`
      await belay.trigger('patient', { recipients: ['bob'], cancelation_key })
      await belay.cancel('patient', { cancelation_key })
    },
    PATIENCE_MS,
  )
  t.diagnostic(`told in ${seconds(told)}`)
  assert.equal(await open(), 0, 'no run was opened for who was canceled')
  const bounds = async () => {
    const [row] = await query<{ count: number }>(
      db,
      sql`select count(*)::int as count from triggers where next_due is not null`,
    )
    return row!.count
  }
  const right = await bounds()
  // Thirty days later: whatever still looks due is looked at, in the database alone.
  await db.execute(sql`update triggers set next_due = now() - interval '1 hour' where next_due is not null`)
  await temporal.workflow.getHandle(HOUSEKEEPING_ID).terminate('by hand')
  const begun = performance.now()
  await temporal.workflow.start(HOUSEKEEPING, { workflowId: HOUSEKEEPING_ID, taskQueue: 'belay' })
  await until('nothing looks due', async () => (await bounds()) === 0, PATIENCE_MS)
  const looked = performance.now() - begun
  assert.equal(await open(), 0)
  const count = CANCELED.toLocaleString('en')
  await keepFigures('Canceled before Temporal knew', {
    [`${count} triggers and their cancels: over after Temporal's return`]: seconds(told),
    'of these, still held for due by the database': String(right),
    'until housekeeping had looked through them, once overdue': seconds(looked),
  })
})

/** Terminated with everybody asleep in them. */
const TERMINATED = Number(process.env['TERMINATED_RUNS'] ?? 20_000)

test(`${TERMINATED} runs that were terminated are started again once overdue, and everybody has their message once`, async (t) => {
  const { product, db, plainStarts, open } = await outageOf(t)
  const { belay, temporal } = product
  const [one] = [await belay.trigger('patient', { recipients: ['ada'], cancelation_key: 'key-0' })]
  assert.ok(one.workflow_run_id)
  // As the first, so many times: what a terminated one leaves in the database.
  await db.execute(sql`
    with r as (
      insert into runs (workflow_id, definition_key, cancelation_key, created_at)
      select 'patient/key-' || n, 'patient', 'key-' || n, created_at
      from runs cross join generate_series(1, ${TERMINATED - 1}::int) n where cancelation_key = 'key-0' returning id
    ), copies as (
      insert into triggers (workflow_run_id, run_id, generation, definition_hash, data, data_size, recipient_count,
        api_key, accepted_at, next_due)
      select gen_random_uuid(), r.id, t.generation, t.definition_hash, t.data, t.data_size, t.recipient_count, t.api_key,
        t.accepted_at, t.next_due
      from triggers t join runs u on u.id = t.run_id and u.cancelation_key = 'key-0' cross join r returning id
    )
    insert into recipient_runs (id, recipient, step, phase, entered_at, due, updated_at)
    select c.id * 131072, 'u' || c.id, f.step, f.phase, f.entered_at, f.due, f.updated_at
    from copies c cross join (select * from recipient_runs limit 1) f`)
  await temporal.workflow.getHandle('patient/key-0').terminate('by hand')
  // And in Temporal; nobody has worked on them, but for the first.
  const copies = Array.from({ length: TERMINATED - 1 }, (_, i) => `patient/key-${i + 1}`)
  await inLanes(50, copies, async (workflowId) => {
    const run = await temporal.workflow.start(NOTIFICATION_RUN, { workflowId, taskQueue: 'nobody', args: [] })
    await run.terminate('by hand')
  })
  await until('none is open', async () => (await open()) === 0, PATIENCE_MS)
  const before = await plainStarts()
  const patience = Math.max(PATIENCE_MS, (RATIO * TERMINATED * 1_000) / before)
  await db.execute(sql`update recipient_runs set due = now() - interval '1 hour' where status = 'waiting'`)
  await db.execute(sql`update triggers set next_due = now() - interval '1 hour' where next_due is not null`)
  const begun = performance.now()
  const count = async (what: ReturnType<typeof sql>) => (await query<{ n: number }>(db, what))[0]!.n
  const left = () => count(sql`select count(*)::int as n from recipient_runs where status in ('waiting', 'claimed')`)
  await until('everybody has it', async () => (await left()) === 0, patience)
  const took = performance.now() - begun
  assert.equal(await count(sql`select count(*)::int as n from messages`), TERMINATED, 'each once')
  const after = await plainStarts()
  const floor = (TERMINATED * 1_000) / ((before + after) / 2)
  await inLanes(10, [1, 2, 3], async (n) => {
    assert.equal((await temporal.workflow.getHandle(`patient/key-${n}`).describe()).status.name, 'COMPLETED')
  })
  await keepFigures('Runs that were terminated', {
    [`${TERMINATED.toLocaleString('en')} runs with one message each: started again, sent, and over`]: seconds(took),
    'executions in Temporal that were terminated for it': TERMINATED.toLocaleString('en'),
    'a plain client would start as many workflows in': seconds(floor),
  })
})
