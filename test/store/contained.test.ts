import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { before, test } from 'node:test'
import { loadContained } from '../../store/batches/load-contained.ts'
import { json, query } from '../../store/postgres/database.ts'
import { loadWalkBytes } from '../../store/recipient-runs/walk-bytes.ts'
import { accept } from '../../testing/fixtures/recipient-runs.ts'
import { feedStep } from '../../testing/fixtures/steps.ts'
import { catalogOfFiles } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const ACTORS = [null, 'ada', 'bob']
const EACH = 6
/** Revision 4 is that in which they are looked at: who left at 3 was out of it by then, who left at 9 was not. */
const LEFT = [null, null, null, 3, 9]
const REVISION = 4

const catalog = await catalogOfFiles({ digest: { steps: [feedStep('digest', 'Hi')] } })

const field = fc.constantFrom('a', 'b', 'c')
const member = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  left: fc.constantFrom(...LEFT),
  data: fc.dictionary(field, fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant([1]), fc.constant(null))),
})
const request = fc.record({
  batchId: fc.integer({ min: 1, max: 3 }),
  limit: fc.integer({ min: 1, max: 4 }),
  isDesc: fc.boolean(),
})

onEachStore(catalog, (db) => {
  let rows: { id: number; actor: string | null; n: number }[]
  before(async () => {
    rows = []
    for (const [n, actor] of ACTORS.entries()) {
      const recipients = Array.from({ length: EACH }, (_, place) => `person-${place}`)
      const accepted = await accept(db(), catalog.definitions.get('digest')!, `key-${n}`, recipients, {
        actor,
        data: { n },
      })
      for (const id of accepted.rows) rows.push({ id, actor, n })
    }
    rows.sort((one, other) => one.id - other.id)
  })

  test('each batch contains who is in it at a revision: all counted, the first, those shown, the last of each field', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(member, { minLength: 18, maxLength: 18 }),
        fc.array(request, { minLength: 1, maxLength: 5 }),
        async (members, requests) => {
          const given = rows.map(({ id }, n) => ({
            i: id,
            b: members[n]!.batch,
            l: members[n]!.left,
            d: members[n]!.data,
          }))
          await db().execute(
            sql`update recipient_runs r set batch_id = x.b, batch_left = x.l, trigger_data = x.d
                from jsonb_to_recordset(${json(given)}) as x(i bigint, b bigint, l integer, d jsonb) where r.id = x.i`,
          )
          const found = await loadContained(
            db(),
            requests.map((asked) => ({ ...asked, revision: REVISION })),
          )
          found.forEach((contained, place) => {
            const { batchId, limit, isDesc } = requests[place]!
            const inside = rows.flatMap((row, n) => {
              const { batch, left, data } = members[n]!
              return batch !== batchId || left === 3 ? [] : [{ ...row, data: { n: row.n, ...data } }]
            })
            const fields = inside
              .flatMap(({ data }) => Object.entries(data))
              .filter(([, value]) => !Array.isArray(value))
            const ofFirst = [...new Set(inside.flatMap(({ actor }) => actor ?? []))]
            const shown = isDesc ? inside.slice(-limit) : inside.slice(0, limit)
            assert.deepEqual(
              {
                total: contained.total,
                first: contained.first?.id ?? null,
                shown: contained.activities.map(({ id, place: at, data }) => ({ id, place: at, data })),
                data: contained.data,
                totalActors: contained.totalActors,
                actors: contained.actors,
              },
              {
                total: inside.length,
                first: inside[0]?.id ?? null,
                shown: shown.map(({ id, data }) => ({ id, place: inside.findIndex((row) => row.id === id) + 1, data })),
                data: Object.fromEntries(fields),
                totalActors: ofFirst.length,
                actors: inside.length <= limit ? ofFirst : isDesc ? ofFirst.slice(-limit) : ofFirst.slice(0, limit),
              },
            )
          })
        },
      ),
      { numRuns: 150 },
    ))

  test('the bytes of a batch are those of its activities’ data, and one of very many counts as large unread', async () => {
    const [one, other] = await query<{ id: number }>(
      db(),
      sql`insert into batches (recipient, key, step_ref, opened_at, closes_at, items)
          values ('person-0', 'a', 'batch', now(), now(), 2), ('person-0', 'b', 'batch', now(), now(), 1001) returning id`,
    )
    const large = { text: randomBytes(20_000).toString('hex') }
    const inside = rows.slice(0, 2).map(({ id }, n) => ({ i: id, b: one!.id, d: n === 0 ? large : {} }))
    await db().execute(
      sql`update recipient_runs r set batch_id = x.b, batch_left = null, trigger_data = x.d
          from jsonb_to_recordset(${json(inside)}) as x(i bigint, b bigint, d jsonb) where r.id = x.i`,
    )
    const bytes = await loadWalkBytes(db(), [
      { recipient: 'person-0', batchId: one!.id },
      { recipient: 'person-0', batchId: other!.id },
    ])
    assert.ok(bytes.batch(one!.id) > 40_000 && bytes.batch(one!.id) < 100_000, `${bytes.batch(one!.id)}`)
    assert.ok(bytes.batch(other!.id) >= 16_000_000, `${bytes.batch(other!.id)}`)
  })
})
