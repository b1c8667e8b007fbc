import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { TriggerAnswer } from '../../engine/accept-trigger.ts'
import type { Context } from '../../api/http/route.ts'
import { openPostgres, query, type Database } from '../../store/postgres/database.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { isRowOf } from '../../store/ids/row-id.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { testPostgres, type TestDatabase } from '../../testing/servers/postgres.ts'
import { Race } from '../../testing/oracle/race.ts'
import { holdCancelSignals } from '../../testing/oracle/race-told.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('invite', ['feed', 'wait', 'feed_again', 'mail'])
const mixed = testVersion('mixed', ['mail', 'feed', 'wait', 'mail_again', 'feed_again'])
const MINUTE = 60_000
const CONNECTIONS = 50
const ROUNDS = 8
const PEOPLE = Array.from({ length: 300 }, (_, i) => `user-${i}`)

let database: TestDatabase
let api: ApiServer
let db: Database
let context: Context
let keys = 0
before(async () => {
  database = await testPostgres()
  const store = openPostgres(database.url, { connections: CONNECTIONS })
  db = store.db
  api = await startApi(catalogOf(version, mixed), store)
  await publishCatalog(db, api.deps.catalog)
  context = {
    ...api.deps,
    requestId: 'race',
    apiKey: 'race',
    caller: { kind: 'secret', id: 'race', name: 'race', scopes: new Set(['admin'] as const) },
    header: () => undefined,
  }
})
after(async () => {
  await api.close()
  await database.drop()
})

/** How many generations of a key have somebody pending, in one snapshot. */
async function pendingGenerations(key: string): Promise<number> {
  const [row] = await query<{ count: number }>(
    db,
    sql`select count(distinct t.generation)::int as count from runs u join triggers t on t.run_id = u.id
        join recipient_runs r on ${isRowOf('r.id', 't.id')}
        where u.cancelation_key = ${key} and r.cancel_id is null and (r.status = 'waiting' or exists (
          select from messages m where m.recipient_run_id = r.id and m.status = 'queued' and m.cancel_id is null))`,
  )
  return row!.count
}

/** Looks at the key again and again until the work is over; answers the most generations that were pending at once. */
async function mostGenerations(key: string, work: Promise<unknown>): Promise<number> {
  const watch = { over: false }
  const look = async () => {
    let most = 0
    while (!watch.over) most = Math.max(most, await pendingGenerations(key))
    return most
  }
  const [most] = await Promise.all([look(), work.finally(() => (watch.over = true))])
  return most
}

const someone = fc.uniqueArray(fc.constantFrom(...PEOPLE), { minLength: 1, maxLength: 60 })
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('cancel' as const), named: someone }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), named: fc.constant(null) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('join' as const), named: someone }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('move' as const), named: someone }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('move' as const), named: fc.constant(null) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('replace' as const, 'keep' as const), named: someone }) },
)
/** What several callers do, each one thing after the other. */
const callers = fc.array(fc.array(step, { minLength: 3, maxLength: 8 }), { minLength: 4, maxLength: 8 })

test('no verdict is ever false, whatever sends, moves, joins and replaces at the same time', async (t) => {
  const seed = Number(process.env['BELAY_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`BELAY_TEST_SEED=${seed}`)
  let canceled = 0
  let moved = 0
  const round = fc.asyncProperty(callers, fc.infiniteStream(fc.nat(99)), async (plan, dice) => {
    const race = await Race.open(context, 'mixed', () => dice.next().value as number)
    const { caller } = race
    await caller.trigger('here', PEOPLE, 'join')
    const calls = plan.map(async (steps) => {
      for (const { do: what, named } of steps) {
        if (what === 'cancel') await caller.cancel('here', named)
        else if (what === 'move') await caller.move('here', named, named === null ? 'sent_now' : 'rescheduled', MINUTE)
        else await caller.trigger('here', named, what)
      }
    })
    const { cancelationKey } = caller.address('here')
    const work = race.work(Promise.all(calls))
    assert.ok((await mostGenerations(cancelationKey!, work)) <= 1)
    await caller.account.hold()
    holdCancelSignals(race.told, await caller.account.seen([...caller.account.rows.keys()]))
    for (const { kind } of race.told) {
      if (kind === 'cancel') canceled += 1
      if (kind === 'move') moved += 1
    }
  })
  // Not shrunk: a race that was lost once may not be lost again.
  await fc.assert(round, { seed, numRuns: ROUNDS, endOnFailure: true })
  t.diagnostic(`${canceled} cancels took somebody out, ${moved} calls moved somebody`)
  assert.ok(moved > 0 && canceled > 0, 'nothing was moved or canceled: the race tested nothing of it')
  assert.equal(await deadlocks(), 0)
})

test('of fifty triggers of one key at once, one begins a generation and the others join it', async () => {
  const key = `key-${(keys += 1)}`
  const answers = await accepted('join', key, 50)
  assert.equal(answers.filter(({ joined }) => joined === undefined).length, 1)
  assert.equal(new Set(answers.map((answer) => answer.workflow_run_id)).size, 50)
  const verdict = await canceled(key)
  assert.deepEqual([verdict.summary.canceled, verdict.recipients[0]?.runs.length], [1, 50])
})

test('triggers that replace each other at once leave one pending, and each of the others is replaced once', async () => {
  const key = `key-${(keys += 1)}`
  const replacing = accepted('replace', key, 30)
  assert.ok((await mostGenerations(key, replacing)) <= 1)
  const answers = await replacing
  const replaced = answers.flatMap((answer) => answer.replaced?.recipients.flatMap(({ runs }) => runs) ?? [])
  assert.ok(replaced.every(({ outcome }) => outcome === 'canceled'))
  const left = (await canceled(key)).recipients.flatMap(({ runs }) => runs)
  assert.equal(left.length, 1)
  assert.deepEqual(
    [...replaced, ...left].map((run) => run.workflow_run_id).sort(),
    answers.map((answer) => answer.workflow_run_id).sort(),
  )
})

test('of triggers that keep what is pending, one is accepted and the others are told of it', async () => {
  const key = `key-${(keys += 1)}`
  const first = await accepted('keep', key, 20)
  assert.equal(first.filter(({ kept }) => kept === undefined).length, 1)
  assert.equal(new Set(first.map((answer) => answer.workflow_run_id)).size, 1)
  const [keeping, joining] = await Promise.all([accepted('keep', key, 10), accepted('join', key, 10)])
  assert.ok(keeping.every(({ kept }) => kept === true))
  assert.ok(joining.every(({ joined }) => joined === true))
  const known = new Set([...first, ...joining].map((answer) => answer.workflow_run_id))
  assert.ok(keeping.every((answer) => known.has(answer.workflow_run_id)))
  assert.equal((await canceled(key)).recipients[0]?.runs.length, 11)
})

/** Over HTTP, so many at once. */
async function accepted(onConflict: string, key: string, times: number): Promise<TriggerAnswer[]> {
  const body = { recipients: ['ada'], cancelation_key: key, settings: { on_conflict: onConflict } }
  const calls = Array.from({ length: times }, () => api.call('POST', '/v1/workflows/invite/trigger', { body }))
  return (await Promise.all(calls)).map((answer) => {
    assert.equal(answer.status, 200)
    return answer.body as TriggerAnswer
  })
}

async function canceled(key: string): Promise<Verdict> {
  const answer = await api.call('POST', '/v1/workflows/invite/cancel', { body: { cancelation_key: key } })
  return answer.body as Verdict
}

/** Of this database, as Postgres counts them: also those that were tried again. */
async function deadlocks(): Promise<number> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    const { rows } = await client.query<{ deadlocks: number }>(
      'select deadlocks from pg_stat_database where datname = current_database()',
    )
    return rows[0]!.deadlocks
  } finally {
    await client.end()
  }
}
