import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { LargeParts } from '../../steps/large-parts.ts'
import { LoadedEntities } from '../../steps/loaded-entities.ts'
import { renderEach } from '../../steps/render-each.ts'
import { NoRoomError, Room } from '../../steps/room.ts'
import type { Walk } from '../../steps/kind.ts'
import { ids, query, type Database } from '../../store/postgres/database.ts'
import { upsertProperties } from '../../store/profiles/properties.ts'
import { SOURCE } from '../../templates/scope.ts'
import { TestWorker } from '../../testing/fixtures/activities.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { feedStep } from '../../testing/fixtures/steps.ts'
import { accept } from '../../testing/fixtures/recipient-runs.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

/** 350 kB of a text of 7 kB. */
const wide = '{% for i in (1..50) %}{{ data.text }}{% endfor %}'
const data = { text: 'x'.repeat(7_000) }
const post = (ref: string) => ({
  ...{ ref, type: 'channel', channel_type: 'http' },
  template: { method: 'post', url: 'https://x.example', body: wide, query_params: [{ key: 'q', value: wide }] },
})
const many = (count: number) => ({ steps: Array.from({ length: count }, (_, n) => post(`post_${n}`)) })
const greets = { steps: [feedStep('greeting', 'Hi {{ recipient.id }}')] }
const sees = { steps: [feedStep('greeting', '{{ data.notes.size }}')] }
const catalog = await catalogOfFiles({ once: many(1), often: many(80), greets, sees })
const people = Array.from({ length: 50 }, (_, n) => `user-${n}`)
/** A text that no store makes much shorter. */
const filler = (bytes: number) => randomBytes(bytes / 2).toString('hex')

async function settled(db: Database, rows: readonly number[]): Promise<{ messages: number; transactions: number }> {
  const found = await query<{ messages: number; transactions: number }>(
    db,
    sql`select count(*)::int as messages, count(distinct xmin::text)::int as transactions from messages
        where recipient_run_id = any(${ids(rows)})`,
  )
  return found[0]!
}

onEachStore(catalog, (store) => {
  test('walks that make much text are settled in parts, whatever their data is', async () => {
    const db = store()
    const version = catalog.definitions.get('once')!
    const { rows, workflowId } = await accept(db, version, randomUUID(), people, { data })
    const { failed, asleep } = await new TestWorker(db).advance(workflowId, rows)
    assert.deepEqual([failed, asleep.length > 0], [0, true])
    const { messages, transactions } = await settled(db, rows)
    assert.equal(messages, people.length)
    assert.ok(transactions > 1)
  })

  test('walks of recipients of whom much is kept are settled in parts', async () => {
    const db = store()
    const entries = people.map((id) => ({ key: [id], properties: { id, notes: filler(200_000) } }))
    await upsertProperties(db, 'users', entries)
    const { rows, workflowId } = await accept(db, catalog.definitions.get('greets')!, randomUUID(), people)
    await new TestWorker(db).advance(workflowId, rows)
    assert.ok((await settled(db, rows)).transactions > 1)
  })

  test('walks of recipients with much data of their own are settled in parts, and see it', async () => {
    const db = store()
    const own = { triggerData: { notes: 'x'.repeat(200_000) }, step: 0, phase: 'enter', due: Date.now() } as const
    const recipients = people.map((key) => ({ key, ...own }))
    const { rows, workflowId } = await accept(db, catalog.definitions.get('sees')!, randomUUID(), [], { recipients })
    await new TestWorker(db).advance(workflowId, rows)
    assert.ok((await settled(db, rows)).transactions > 1)
    const seen = await query<{ content: string }>(
      db,
      sql`select distinct content::text as content from messages where recipient_run_id = any(${ids(rows)})`,
    )
    assert.deepEqual([seen.length, seen[0]!.content.includes('200000')], [1, true])
  })

  test('a walk that makes more by itself than a process can hold ends with why', async () => {
    const walked = await startWalk(store(), catalog, 'often', { data })
    await walked.tryToTheEnd()
    assert.equal((await walked.row()).status, 'ended')
    const [, event, told] = (await walked.events()).at(-1)!
    assert.deepEqual([event, told['reason']], ['step_failed', 'its steps make too much text at one go'])
    assert.deepEqual(await walked.made(), [])
  })
})

const walksOf = (count: number): Walk[] => {
  const scope = { [SOURCE]: { entities: new LoadedEntities(undefined as never) } }
  return Array.from({ length: count }, () => ({ scope }) as unknown as Walk)
}
/** Keeps the process busy. */
function busy(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

test('others of the process are served while a long chunk is rendered', async () => {
  let served = 0
  const timer = setInterval(() => (served += 1), 1)
  await renderEach(walksOf(10), () => busy(25))
  clearInterval(timer)
  assert.ok(served >= 5, `${served} times`)
})

test('what takes longer to render than an activity may last is left to a smaller part', async () => {
  const room = new Room(2)
  assert.equal(room.take('', 9_000), undefined)
  assert.throws(() => room.take('', 1_001), NoRoomError)
  await assert.rejects(
    renderEach(walksOf(2), () => busy(1), room),
    NoRoomError,
  )
})

test('parts that hold much are worked on three at a time, and whoever gives up leaves the queue', async () => {
  const large = new LargeParts()
  const stop = new AbortController()
  const rooms = Array.from({ length: 5 }, (_, n) => new Room(2, large, n === 3 ? stop.signal : undefined))
  const turns: number[] = []
  const entered = rooms.map((room, n) => room.load(2_000_000).then(() => turns.push(n)))
  await new Room(2, large).load(1_000)
  await Promise.all(entered.slice(0, 3))
  assert.deepEqual(turns, [0, 1, 2])
  stop.abort(new Error('canceled'))
  await assert.rejects(entered[3]!, /canceled/)
  rooms[1]!.leave()
  await entered[4]
  assert.deepEqual(turns, [0, 1, 2, 4])
})
