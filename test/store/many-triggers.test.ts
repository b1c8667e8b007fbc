import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'drizzle-orm'
import type { Database } from '../../store/postgres/database.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import { accept, cancel } from '../../testing/fixtures/recipient-runs.ts'
import { invite as version } from '../../testing/fixtures/row-states.ts'
import { catalogOf } from '../../testing/fixtures/versions.ts'

const JOINS = 50_000

/** The trigger again and again, as so many joins of its key would leave it, each with one recipient asleep. */
async function joinMany(db: Database, triggerId: number): Promise<void> {
  await db.execute(sql`
    with copies as (
      insert into triggers (workflow_run_id, run_id, generation, definition_hash, data, data_size, recipient_count,
        api_key, accepted_at, next_due, temporal_run_id)
      select gen_random_uuid(), run_id, generation, definition_hash, data, data_size, recipient_count, api_key,
        accepted_at, next_due, 'execution'
      from triggers cross join generate_series(1, ${JOINS}) where id = ${triggerId}
      returning id
    )
    insert into recipient_runs (id, recipient, step, phase, entered_at, due, updated_at)
    select copies.id * 131072, 'u' || copies.id, 0, 'enter', now(), now(), now() from copies`)
}

// The store gives up a statement after 15 s: one that reads a table once a trigger does not end in that.
onEachStore(catalogOf(version), (store) => {
  for (const known of [false, true]) {
    const planner = known ? 'that knows the tables' : 'that has not seen the tables grow'

    test(`50,000 triggers that joined a key are canceled by one call, under a planner ${planner}`, async () => {
      const db = store()
      const key = `canceled-${known}`
      const { triggerId } = await accept(db, version, key, ['ada'])
      await joinMany(db, triggerId)
      if (known) await db.execute(sql`analyze`)
      const { verdict, signal } = await cancel(db, version, key)
      assert.equal(verdict.summary.canceled, JOINS + 1)
      assert.equal(signal?.removed[0]?.rows.length, JOINS + 1)
    })
  }
})
