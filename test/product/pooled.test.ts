import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inLanes } from '../../testing/fixtures/lanes.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { bodies } from '../../testing/product/belay.ts'
import { startParts } from '../../testing/product/parts.ts'
import { pgbouncerVersion, startPgbouncer } from '../../testing/servers/pgbouncer.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { devServer } from '../../testing/servers/temporal.ts'

const skip = pgbouncerVersion() === undefined && 'PgBouncer is not installed'
const TRIGGERS = 60
/** More than there are connections; so few that none waits for one as long as makes it `overloaded`. */
const CALLERS = 6
const numbers = Array.from({ length: TRIGGERS }, (_, n) => n)

test(
  'behind PgBouncer in transaction mode, three connections for all: each is served or canceled',
  { skip },
  async (t) => {
    const database = await testPostgres()
    const bouncer = await startPgbouncer(database.url)
    const temporal = await devServer()
    const parts = await startParts({
      notifications: notificationsFolder({
        'letter/workflow.json': workflow(feedStep('now'), delayStep('wait', 1, 'days'), feedStep('later')),
      }),
      database: bouncer.url,
      address: temporal.address,
      env: { BELAY_DATABASE_POOLED: 'true' },
    })
    t.after(async () => {
      await parts.stop()
      await temporal.teardown()
      await bouncer.close()
      await database.drop()
    })
    const { belay } = parts
    const lead = async (n: number) => {
      const key = { cancelation_key: `k-${n}` }
      await belay.trigger('letter', { recipients: [`in-${n}`, `out-${n}`], ...key })
      const verdict = await belay.cancel('letter', { ...key, recipients: [`out-${n}`] })
      assert.equal(verdict.summary.canceled, 1)
    }
    await inLanes(CALLERS, numbers, lead)
    await until('the first messages', async () => {
      const sent = await belay.messages({ source: 'letter' })
      return (
        new Set(sent.map(({ recipient }) => recipient as string).filter((id) => id.startsWith('in-'))).size === TRIGGERS
      )
    })
    const wake = (n: number) => belay.post('/v1/workflows/letter/send_now', { cancelation_key: `k-${n}` })
    await inLanes(CALLERS, numbers, wake)
    await until(
      'everybody is served',
      async () => {
        const runs = await belay.recipientRuns({ workflow: 'letter' })
        return runs.length === 2 * TRIGGERS && runs.every(({ status }) => ['completed', 'cancelled'].includes(status))
      },
      120_000,
    )
    for (const n of [0, TRIGGERS - 1]) {
      assert.deepEqual(bodies(await belay.feed(`in-${n}`)), ['later', 'now'])
      assert.ok(!bodies(await belay.feed(`out-${n}`)).includes('later'))
    }
  },
)
