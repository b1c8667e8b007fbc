import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query } from '../../store/postgres/database.ts'
import { keepFigures } from '../../testing/fixtures/reliability-page.ts'
import { outageOf } from '../../testing/product/outage.ts'

test('1,000,000 recipients may be pending under one key, and one more is refused, naming the key', async (t) => {
  const { product, db } = await outageOf(t)
  const trigger = (cancelation_key: string, recipient: string, settings = {}) =>
    product.belay.request<{ kept?: boolean }>('POST', '/v1/workflows/patient/trigger', {
      recipients: [recipient],
      cancelation_key,
      settings,
    })
  await trigger('full', 'ada')
  const [first] = await query<{ id: number; hash: string }>(
    db,
    sql`select t.id, t.definition_hash as hash from triggers t join runs u on u.id = t.run_id where cancelation_key = 'full'`,
  )
  // Nine triggers of 111,110 and one of 8, beside ada: 999,999.
  await db.execute(sql`
    with t as (
      insert into triggers (workflow_run_id, run_id, generation, definition_hash, data, data_size, recipient_count, api_key,
        accepted_at, next_due)
      select gen_random_uuid(), t.run_id, t.generation, t.definition_hash, t.data, t.data_size, case when n = 10 then 8 else 111110 end,
        t.api_key, t.accepted_at, t.next_due
      from triggers t cross join generate_series(1, 10) n where t.id = ${first!.id} returning id, recipient_count
    )
    insert into recipient_runs (id, recipient, step, phase, entered_at, due, updated_at)
    select t.id * 131072 + place, 'u', r.step, r.phase, r.entered_at, r.due, r.updated_at
    from t cross join lateral generate_series(0, t.recipient_count - 1) place
      cross join (select * from recipient_runs where id = ${first!.id * 131_072}) r`)
  await db.execute(sql`update runs set recipients = 999999 where cancelation_key = 'full'`)
  assert.equal((await trigger('full', 'bob')).status, 200, 'the millionth')
  const took: number[] = []
  for (const attempt of [1, 2]) {
    const began = performance.now()
    const answer = await trigger('full', 'carl')
    assert.equal(answer.status, 422)
    assert.match(JSON.stringify(answer.body), /cancelation_key.*1000000 recipients pending/)
    took[attempt - 1] = performance.now() - began
  }
  assert.ok(took[1]! < took[0]! / 2, `not counted again at once: ${took.join(', ')} ms`)
  assert.equal((await trigger('another', 'carl')).status, 200)
  const keep = await trigger('full', 'carl', { on_conflict: 'keep' })
  assert.equal(keep.body.kept, true, 'nothing is added')
  await keepFigures('A key that is full', {
    '1,000,000 recipients pending under one key: one more is refused in': `${Math.round(took[0]!)} ms`,
    'and the next within a minute, which is not counted again, in': `${Math.round(took[1]!)} ms`,
  })
})
