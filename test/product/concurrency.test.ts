import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stateQuery, type Counts } from '../../workflows/run-view.ts'
import { inLanes } from '../../testing/fixtures/lanes.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { toldRun } from '../../testing/fixtures/told-run.ts'
import { startProduct } from '../../testing/product/product.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'

const definitions = { 'patient/workflow.json': workflow(delayStep('wait', 30, 'days'), feedStep('later')) }
const CANCELS = 400
/** So few that the last is served within the 10 s that a call waits for its key, on a busy machine too. */
const CANCELERS = 50
const JOINS = 300
const JOINERS = 20

test('many callers at one key', async (t) => {
  const product = await startProduct(t, { notifications: notificationsFolder(definitions), store: 'postgres' })
  const { belay, temporal } = product
  const canceled = (count: number): Counts => ({ sent: 0, canceled: count, skipped: 0, failed: 0 })

  await t.test(`${CANCELS} cancels of one recipient each, 50 at once: each is answered canceled`, async () => {
    const recipients = Array.from({ length: CANCELS }, (_, i) => `user-${i}`)
    await belay.trigger('patient', { recipients, cancelation_key: 'crowd' })
    const verdicts = await inLanes(CANCELERS, recipients, (recipient) =>
      belay.cancel('patient', { cancelation_key: 'crowd', recipients: [recipient] }),
    )
    assert.deepEqual(
      verdicts.map(({ recipients: entries }) => entries.map(({ id, outcome, runs }) => [id, outcome, runs.length])),
      recipients.map((recipient) => [[recipient, 'canceled', 1]]),
    )
    assert.deepEqual(await (await toldRun(temporal, 'patient/crowd')).result(), canceled(CANCELS))
  })

  await t.test(
    `${JOINS} triggers of one key, ${JOINERS} at once: all join one run, and one cancel ends them`,
    async () => {
      const people = Array.from({ length: JOINS }, (_, i) => `user-${i}`)
      const answers = await inLanes(JOINERS, people, (recipient) =>
        belay.trigger('patient', { recipients: [recipient], cancelation_key: 'joined' }),
      )
      assert.equal(new Set(answers.map((answer) => answer.workflow_run_id)).size, JOINS)
      assert.equal(answers.filter(({ joined }) => joined !== true).length, 1)
      const run = await toldRun(temporal, 'patient/joined')
      await until('all in the run', async () => (await run.query(stateQuery)).pending === JOINS)
      const { summary, recipients } = await belay.cancel('patient', { cancelation_key: 'joined' })
      assert.equal(summary.canceled, JOINS)
      assert.deepEqual(
        recipients.map(({ id, runs }) => `${id as string} ${runs[0]!.workflow_run_id}`).sort(),
        people.map((recipient, i) => `${recipient} ${answers[i]!.workflow_run_id}`).sort(),
      )
      assert.deepEqual(await run.result(), canceled(JOINS))
    },
  )
})
