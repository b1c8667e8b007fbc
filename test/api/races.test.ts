// @ts-nocheck: of the first shape, being rewritten
import { eq, inArray, sql } from 'drizzle-orm'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { TriggerAnswer } from '../../engine/accept-trigger.ts'
import type { Context } from '../../api/http/route.ts'
import { openPostgres, query, type Database } from '../../store/postgres/database.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { keyOfMessageId } from '../../store/ids/message-id.ts'
import { recipientKey } from '../../store/ids/recipient.ts'
import { rowOfUuid } from '../../store/ids/row-id.ts'
import { messages, pendingSignals, recipientRuns, triggers } from '../../store/schema/index.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { idsOf } from '../../workflows/messages.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { testPostgres, type TestDatabase } from '../../testing/servers/postgres.ts'
import { holdMoves } from '../../testing/oracle/race-moves.ts'
import { Race, type JudgedVerdict } from '../../testing/oracle/race.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('invite', ['feed', 'wait', 'feed_again', 'mail'])
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
  api = await startApi(catalogOf(version), store)
  await publishCatalog(db, api.deps.catalog)
  context = { ...api.deps, requestId: 'race', apiKey: 'race', header: () => undefined }
})
after(async () => {
  await api.close()
  await database.drop()
})

const raceOf = (dice: () => number) => new Race(context, version, `key-${(keys += 1)}`, dice)

/** How many generations of a key have somebody pending, in one snapshot. */
async function pendingGenerations(key: string): Promise<number> {
  const [row] = await query<{ count: number }>(
    db,
    sql`select count(distinct t.generation)::int as count from runs u join triggers t on t.run_id = u.id
        join recipient_runs r on r.id between t.id * 16384 and t.id * 16384 + 16383
        where u.cancelation_key = ${key} and (r.status = 'waiting' or (r.status = 'claimed' and r.cancel_id is null))`,
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

type Entry = Verdict['recipients'][number]['runs'][number]
const entriesOf = ({ verdict }: JudgedVerdict) => verdict.recipients.flatMap(({ runs }) => runs)
const rowOf = (entry: Entry) => rowOfUuid(entry.workflow_recipient_run_id)!

/** Every answer is held against what was sent in the end. */
async function holdToAccount(race: Race): Promise<void> {
  const found = race.triggers.filter(({ answer }) => answer.kept === undefined)
  const ids = found.flatMap(({ rows }) => rows)
  const rows = new Map(
    (await db.select().from(recipientRuns).where(inArray(recipientRuns.id, ids))).map((row) => [row.id, row]),
  )
  const stored = await db.select().from(messages).where(inArray(messages.recipientRunId, ids)).orderBy(messages.step)
  const reached = stored.filter(({ status }) => status === 'delivered')
  const sentTo = (row: number) => reached.filter((each) => each.recipientRunId === row).map(({ step }) => step)
  const verdictsOf = new Map<number, (JudgedVerdict & { entry: Entry })[]>()
  for (const judged of race.verdicts) {
    for (const entry of entriesOf(judged)) {
      const row = rowOf(entry)
      verdictsOf.set(row, [...(verdictsOf.get(row) ?? []), { ...judged, entry }])
    }
  }
  assert.equal(rows.size, ids.length)
  assert.ok(stored.every(({ status }) => status !== 'queued'))
  for (const [id, row] of rows) {
    const sent = sentTo(id)
    const verdicts = verdictsOf.get(id) ?? []
    const told = JSON.stringify({ id, status: row.status, sent, verdicts })
    assert.ok(row.status === 'ended' || row.status === 'canceled', told)
    assert.equal(row.sent, sent.length, told)
    const taken = verdicts.filter(({ entry }) => entry.outcome === 'canceled')
    // Sent to the end, or taken out by one cancel that said so.
    if (row.status === 'ended') assert.equal(taken.length, 0, told)
    else assert.ok(taken.length === 1 || verdicts.some(({ entry }) => entry.outcome === 'sending'), told)
    for (const { entry, ended } of verdicts) {
      const listed = entry.messages.map((message) => keyOfMessageId(message)!.step)
      const inFlight = version.definition.steps.findIndex(({ ref }) => ref === entry.in_flight)
      const may = inFlight === -1 ? listed : [...listed, inFlight]
      if (entry.outcome === 'ended') assert.deepEqual(sent, [], told)
      if (entry.outcome === 'already_sent') assert.ok(listed.length > 0, told)
      assert.ok(
        listed.every((step) => sent.includes(step)),
        told,
      )
      assert.ok(
        sent.every((step) => may.includes(step)),
        told,
      )
      assert.ok(!race.takes.some((take) => take.row === id && take.began > ended), told)
    }
  }
  const withdrawn = race.verdicts
    .flatMap(entriesOf)
    .filter(({ outcome, in_flight }) => outcome === 'canceled' && in_flight === null)
  const signals = await db.select().from(pendingSignals).where(eq(pendingSignals.kind, 'cancel'))
  const told = signals.flatMap((signal) => idsOf(signal.rows!)).filter((id) => rows.has(id))
  // The run is told of each row that slept, once.
  assert.deepEqual(
    told.sort((a, b) => a - b),
    withdrawn.map(rowOf).sort((a, b) => a - b),
  )
  await holdMoves(db, race, version, sentTo)
  await holdGenerations(race)
}

/** A verdict speaks of one generation, and of all of it that was there when it was asked. */
async function holdGenerations(race: Race): Promise<void> {
  const stored = await db
    .select()
    .from(triggers)
    .where(
      inArray(
        triggers.workflowRunId,
        race.triggers.map(({ answer }) => answer.workflow_run_id),
      ),
    )
    .orderBy(triggers.id)
  const generations = stored.map(({ generation }) => generation)
  assert.deepEqual(
    generations,
    [...generations].sort((a, b) => a - b),
  )
  const generationOf = new Map(stored.map((trigger) => [trigger.workflowRunId, trigger.generation]))
  const answers = [...race.verdicts, ...race.moves.map((move) => ({ ...move, verdict: move.answer }))]
  for (const { verdict, began, named } of answers) {
    const entries = verdict.recipients.flatMap((each) =>
      each.runs.map((run) => ({ ...run, id: recipientKey(each.id) })),
    )
    const seen = new Set(entries.map((entry) => generationOf.get(entry.workflow_run_id)))
    assert.ok(seen.size <= 1, 'a verdict of several generations')
    if (named !== null)
      assert.deepEqual(
        verdict.recipients.map(({ id }) => id),
        named,
      )
    const [generation] = seen
    for (const trigger of race.triggers.filter(({ answer }) => answer.kept === undefined)) {
      if (generationOf.get(trigger.answer.workflow_run_id) !== generation || trigger.ended > began) continue
      const asked = trigger.recipients.filter((recipient) => named === null || named.includes(recipient))
      const listed = entries.filter((entry) => entry.workflow_run_id === trigger.answer.workflow_run_id)
      assert.deepEqual(listed.map(({ id }) => id).sort(), asked.sort())
    }
  }
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
  let judged = 0
  let moved = 0
  let moveAnswers = 0
  const round = fc.asyncProperty(callers, fc.infiniteStream(fc.nat(99)), async (plan, dice) => {
    const race = raceOf(() => dice.next().value as number)
    await race.trigger(PEOPLE, 'join')
    const calls = plan.map(async (steps) => {
      for (const { do: what, named } of steps) {
        if (what === 'cancel') await race.cancel(named)
        else if (what === 'move') await race.move(named)
        else await race.trigger(named, what)
      }
    })
    assert.ok(
      (await mostGenerations(
        race.key,
        Promise.all(calls).then(() => race.over()),
      )) <= 1,
    )
    await holdToAccount(race)
    judged += race.verdicts.flatMap(entriesOf).length
    moved += race.moves.reduce((sum, { revisions }) => sum + revisions.size, 0)
    moveAnswers += race.moves.flatMap(({ answer }) => answer.recipients.flatMap(({ runs }) => runs)).length
  })
  // Not shrunk: a race that was lost once may not be lost again.
  await fc.assert(round, { seed, numRuns: ROUNDS, endOnFailure: true })
  t.diagnostic(`${judged} verdicts on recipient runs held, ${moveAnswers} answers to moves, ${moved} sleeps were moved`)
  assert.ok(moved > 0, 'nothing was moved: the race tested nothing of it')
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
