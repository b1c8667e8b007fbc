import Knock from 'knock-node-1'
import assert from 'node:assert/strict'
import { sql } from 'drizzle-orm'
import { test } from 'node:test'
import { nextOccurrence } from '../../schedules/occurrences.ts'
import { openPostgres } from '../../store/postgres/database.ts'
import { HOUSEKEEPING_ID } from '../../temporal/deployment.ts'
import { HOUSEKEEPING } from '../../workflows/names.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { SECRET_KEY } from '../../testing/product/api-server.ts'
import { startProduct } from '../../testing/product/product.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'

const DAY = 86_400_000
const temporalScheduleId = (id: string) => `belay-schedule/${id}`

test('schedules on Temporal', async (t) => {
  const database = await testPostgres()
  const store = openPostgres(database.url)
  const notifications = notificationsFolder({
    'letter/workflow.json': workflow(feedStep('now')),
    'patient/workflow.json': workflow(delayStep('wait', 30, 'days'), feedStep('later')),
  })
  const product = await startProduct(t, { notifications, env: { DATABASE_URL: database.url } })
  t.after(async () => {
    await store.close()
    await database.drop()
  })
  const { belay, temporal } = product
  const knock = new Knock({ apiKey: SECRET_KEY, baseURL: belay.url })
  const soon = (ms = 4_000) => new Date(Date.now() + ms).toISOString()
  const handleOf = (id: string) => temporal.schedule.getHandle(temporalScheduleId(id))
  const isThere = (id: string) =>
    handleOf(id)
      .describe()
      .then(
        () => true,
        () => false,
      )
  const housekeep = async () => {
    await temporal.workflow.getHandle(HOUSEKEEPING_ID).terminate('by hand')
    await temporal.workflow.start(HOUSEKEEPING, { workflowId: HOUSEKEEPING_ID, taskQueue: 'belay' })
  }

  await t.test('one that occurs once wakes at its instant, triggers, and leaves nothing in Temporal', async () => {
    const scheduled_at = soon()
    const [made] = await knock.schedules.create({ workflow: 'letter', recipients: ['ada'], scheduled_at })
    const [item] = await until('ada has it', async () => {
      const feed = await belay.feed('ada')
      return feed.length > 0 && feed
    })
    const late = Date.parse(item!.inserted_at) - Date.parse(scheduled_at)
    assert.ok(late >= 0, `${-late} ms early`)
    const [run] = await belay.recipientRuns({ recipient: 'ada' })
    assert.equal(run!.trigger_source.schedule_id, made!.id)
    await housekeep()
    await until('its Schedule is gone', async () => !(await isThere(made!.id)))
    assert.equal((await belay.feed('ada')).length, 1)
  })

  await t.test('what it triggered is canceled by its key', async () => {
    const body = { workflow: 'patient', recipients: ['bob'], scheduled_at: soon(), cancelation_key: 'visit' }
    await knock.schedules.create(body)
    await until('bob waits', async () => (await belay.recipientRuns({ recipient: 'bob' })).length === 1)
    const verdict = await belay.cancel('patient', { cancelation_key: 'visit' })
    assert.equal(verdict.status, 'applied')
  })

  await t.test('Temporal wakes at every occurrence of a rule, over both changes of the clocks', async () => {
    const rules = [
      { zone: 'Europe/Berlin', repeats: [{ frequency: 'daily' as const, hours: 2, minutes: 30 }] },
      { zone: 'America/New_York', repeats: [{ frequency: 'daily' as const, hours: 1, minutes: 30 }] },
      {
        zone: 'Australia/Lord_Howe',
        repeats: [
          { frequency: 'weekly' as const, interval: 2, days: ['sun' as const, 'wed' as const], hours: 2, minutes: 10 },
        ],
      },
      { zone: 'Europe/London', repeats: [{ frequency: 'hourly' as const, interval: 5, minutes: 7 }] },
      { zone: 'Asia/Tokyo', repeats: [{ frequency: 'monthly' as const, day_of_month: 31, hours: 9 }] },
    ]
    for (const [n, { zone, repeats }] of rules.entries()) {
      const recipients = [{ id: `zone${n}`, timezone: zone }]
      const [made] = await knock.schedules.create({ workflow: 'letter', recipients, repeats })
      await until('Temporal knows it', () => isThere(made!.id))
      const from = Date.parse(made!.inserted_at)
      const wakes = new Set<number>()
      // A server answers a thousand at most.
      for (let start = from; start < from + 380 * DAY; start += 30 * DAY) {
        const { startTime: times } = await temporal.workflowService.listScheduleMatchingTimes({
          namespace: temporal.options.namespace,
          scheduleId: temporalScheduleId(made!.id),
          startTime: { seconds: Math.floor(start / 1_000) as never },
          endTime: { seconds: Math.floor((start + 30 * DAY) / 1_000) as never },
        })
        for (const { seconds } of times) wakes.add(Number(seconds) * 1_000)
      }
      const rule = { interval: 1, days: null, day_of_month: null, hours: null, minutes: null, ...repeats[0]! }
      const recurrence = { repeats: [rule], zone, start: from, startGiven: false, end: null }
      let count = 0
      for (let at = nextOccurrence(recurrence, from)!; at < from + 370 * DAY; at = nextOccurrence(recurrence, at)!) {
        assert.ok(wakes.has(at), `${zone}: nothing wakes at ${new Date(at).toISOString()}`)
        count += 1
      }
      assert.ok(count >= 7, String(count))
      await knock.schedules.delete({ schedule_ids: [made!.id] })
      await until('its Schedule is gone', async () => !(await isThere(made!.id)))
    }
  })

  await t.test('one that Temporal lost is carried out by housekeeping, and written to Temporal again', async () => {
    const repeats = [{ frequency: 'daily' as const, hours: 9 }]
    const [made] = await knock.schedules.create({ workflow: 'letter', recipients: ['carl'], repeats })
    await until('Temporal knows it', () => isThere(made!.id))
    await handleOf(made!.id).delete()
    // As if its instant had passed five minutes ago.
    await store.db.execute(
      sql`update schedules set next_occurrence_at = now() - interval '5 minutes' where id = ${made!.id}::uuid`,
    )
    await housekeep()
    await until('carl has it', async () => (await belay.feed('carl')).length === 1)
    await until('Temporal knows it again', () => isThere(made!.id))
    const [now] = (await knock.users.listSchedules('carl')).entries
    assert.ok(Date.parse(now!.next_occurrence_at!) > Date.now())
  })

  await t.test('a recipient who moves to another zone is told by the clocks there', async () => {
    const repeats = [{ frequency: 'daily' as const, hours: 9 }]
    const recipients = [{ id: 'dan', timezone: 'Europe/Berlin' }]
    const [made] = await knock.schedules.create({ workflow: 'letter', recipients, repeats })
    await knock.users.update('dan', { timezone: 'Asia/Tokyo' })
    await housekeep()
    await until('it is told there', async () => {
      const [now] = (await knock.users.listSchedules('dan')).entries
      return now!.next_occurrence_at !== made!.next_occurrence_at && now!.next_occurrence_at!.includes('T00:00:00')
    })
    const { spec } = await until('Temporal knows the zone', async () => {
      const described = await handleOf(made!.id).describe()
      return described.spec.timezone === 'Asia/Tokyo' && described
    })
    assert.deepEqual(spec.calendars?.length, 1)
  })
})
