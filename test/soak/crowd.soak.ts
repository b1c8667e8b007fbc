import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Counts } from '../../workflows/run-view.ts'
import { eventsOf } from '../../testing/fixtures/history.ts'
import { inLanes } from '../../testing/fixtures/lanes.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { startProduct } from '../../testing/product/product.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'

const definitions = { 'patient/workflow.json': workflow(delayStep('wait', 30, 'days'), feedStep('later')) }
const PEOPLE = 10_000
const CALLERS = 50
/** Who has joined is canceled this many others later. */
const STAY = 500

test(`${2 * PEOPLE} joins and cancels of one key by ${CALLERS} callers: none lost, however often the run continues as new`, async (t) => {
  const product = await startProduct(t, { notifications: notificationsFolder(definitions), store: 'postgres' })
  const { belay, temporal } = product
  const started = performance.now()
  // One who stays to the end, so that it is one run.
  await belay.trigger('patient', { recipients: ['last'], cancelation_key: 'crowd' })
  const people = Array.from({ length: PEOPLE }, (_, i) => `user-${i}`)
  const arrived: string[] = []
  const cancel = async (recipient: string) => {
    const verdict = await belay.cancel('patient', { cancelation_key: 'crowd', recipients: [recipient] })
    assert.deepEqual(
      verdict.recipients.map(({ id, outcome, runs }) => [id, outcome, runs.length]),
      [[recipient, 'canceled', 1]],
    )
  }
  await inLanes(CALLERS, people, async (recipient) => {
    const answer = await belay.trigger('patient', { recipients: [recipient], cancelation_key: 'crowd' })
    assert.equal(answer.joined, true)
    arrived.push(recipient)
    if (arrived.length > STAY) await cancel(arrived.shift()!)
  })
  await inLanes(CALLERS, arrived, cancel)
  const took = Math.round((performance.now() - started) / 1_000)
  await cancel('last')
  const run = temporal.workflow.getHandle('patient/crowd')
  assert.deepEqual(await run.result(), { sent: 0, canceled: PEOPLE + 1, skipped: 0, failed: 0 } satisfies Counts)

  const executions = []
  for (
    let next: string | undefined = (await run.describe()).raw.workflowExecutionInfo?.firstRunId ?? undefined;
    next;
  ) {
    const execution = temporal.workflow.getHandle('patient/crowd', next)
    const events = await eventsOf(execution)
    const signals = events.filter(({ type }) => type === 'WORKFLOW_EXECUTION_SIGNALED').length
    executions.push({ events: events.length, signals })
    const { events: raw } = await execution.fetchHistory()
    next = raw?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined
  }
  const signals = executions.reduce((sum, execution) => sum + execution.signals, 0)
  const longest = Math.max(...executions.map(({ events }) => events))
  t.diagnostic(`${took} s, ${signals} signals, ${executions.length} executions, the longest of ${longest} events`)
  assert.ok(executions.length > 1, 'it continued as new')
  assert.ok(executions.every((execution) => execution.signals < 10_000 && execution.events < 51_200))
})
