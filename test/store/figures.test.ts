import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'drizzle-orm'
import { storeFigures } from '../../store/runs/figures.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import { accept, cancel } from '../../testing/fixtures/recipient-runs.ts'
import { invite as version } from '../../testing/fixtures/row-states.ts'
import { catalogOf } from '../../testing/fixtures/versions.ts'

const OVERDUE_MS = 60_000

onEachStore(catalogOf(version), (store) => {
  test('figures tell who is pending, who is overdue, and what Temporal has not confirmed', async () => {
    const db = store()
    const now = Date.now()
    assert.equal((await storeFigures(db, now, OVERDUE_MS)).pendingRecipientRuns, 0)
    await accept(db, version, 'late', ['ada', 'bob'], { acceptedAt: now - 90_000 })
    await accept(db, version, 'fresh', ['carl'], { acceptedAt: now - 1_000 })
    const figures = await storeFigures(db, now, OVERDUE_MS)
    assert.equal(figures.pendingRecipientRuns, 3)
    assert.equal(figures.overdueRecipientRuns, 2)
    assert.equal(figures.suspectedTriggers, 1)
    assert.ok(Math.abs(figures.longestOverdueSeconds - 90) < 1, `${figures.longestOverdueSeconds}`)
    assert.equal(figures.unconfirmedSignals, 2)
    assert.ok(figures.oldestSignalSeconds > 0)

    await cancel(db, version, 'late')
    const after = await storeFigures(db, now, OVERDUE_MS)
    assert.equal(after.pendingRecipientRuns, 1)
    assert.equal(after.overdueRecipientRuns, 0)
    assert.equal(after.longestOverdueSeconds, 0)
  })

  // The store gives up a statement after 15 s: one that reads a table once a trigger does not end in that.
  for (const known of [false, true]) {
    const planner = known ? 'that knows the tables' : 'that has not seen the tables grow'
    test(`figures of 40,000 pending triggers come in time, under a planner ${planner}`, async () => {
      const db = store()
      const { triggerId } = await accept(db, version, `many-${known}`, ['ada'])
      await db.execute(sql`
        with copies as (
          insert into triggers (workflow_run_id, run_id, generation, definition_hash, data, data_size, recipient_count,
            api_key, accepted_at, next_due)
          select gen_random_uuid(), run_id, generation, definition_hash, data, data_size, recipient_count, api_key,
            accepted_at, next_due + interval '1 day'
          from triggers cross join generate_series(1, 40000) where id = ${triggerId}
          returning id
        )
        insert into recipient_runs (id, recipient, step, phase, entered_at, due, updated_at)
        select copies.id * 131072, 'u' || copies.id, 0, 'enter', now(), now() + interval '1 day', now() from copies`)
      if (known) await db.execute(sql`analyze`)
      const figures = await storeFigures(db, Date.now(), OVERDUE_MS)
      assert.ok(figures.pendingRecipientRuns > 39_990, `${figures.pendingRecipientRuns}`)
      assert.equal(figures.overdueRecipientRuns, 0)
    })
  }
})
