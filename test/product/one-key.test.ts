import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { toldRun } from '../../testing/fixtures/told-run.ts'
import { temporalCli } from '../../testing/servers/binaries.ts'
import { eventsOf } from '../../testing/fixtures/history.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { startProduct } from '../../testing/product/product.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'

const definitions = {
  'patient/workflow.json': workflow(delayStep('wait', 30, 'days'), feedStep('later')),
}

test('one cancelation key, many triggers, and Temporal by hand', async (t) => {
  const product = await startProduct(t, { notifications: notificationsFolder(definitions), store: 'postgres' })
  const { belay, temporal } = product
  const cli = await temporalCli()
  const workflowCommand = (command: string, key: string, ...rest: string[]) => {
    const where = ['--workflow-id', `patient/${key}`, '--address', product.temporalAddress()]
    return promisify(execFile)(cli, ['workflow', command, ...where, ...rest])
  }
  const statuses = async (key: string): Promise<Record<string, string>> => {
    const runs = await belay.recipientRuns({ cancelation_key: key })
    return Object.fromEntries(runs.map((run) => [run.recipient as string, run.status]))
  }

  await t.test('a second trigger joins the run, and the verdict shows both', async () => {
    const first = await belay.trigger('patient', { recipients: ['ada', 'bob'], cancelation_key: 'joined' })
    const second = await belay.trigger('patient', { recipients: ['ada'], cancelation_key: 'joined' })
    assert.equal(first.joined, undefined)
    assert.equal(second.joined, true)
    assert.notEqual(second.workflow_run_id, first.workflow_run_id)
    const { summary, recipients } = await belay.cancel('patient', { cancelation_key: 'joined' })
    assert.equal(summary.canceled, 2)
    assert.deepEqual(
      recipients.map(({ id, runs }) => [id, runs.map((run) => run.workflow_run_id)]),
      [
        ['ada', [first.workflow_run_id, second.workflow_run_id]],
        ['bob', [first.workflow_run_id]],
      ],
    )
    const counts: unknown = await (await toldRun(temporal, 'patient/joined')).result()
    assert.deepEqual(counts, { sent: 0, canceled: 3, skipped: 0, failed: 0 })
    const events = await eventsOf(temporal.workflow.getHandle('patient/joined'))
    const signals = events.filter(({ type }) => type === 'WORKFLOW_EXECUTION_SIGNALED')
    // What Temporal did not take within two seconds is told again, and what waits meanwhile goes together.
    assert.ok(
      signals.length >= 1 && signals.length <= 4,
      'the first trigger started the run, what followed signaled it',
    )
    const third = await belay.trigger('patient', { recipients: ['ada'], cancelation_key: 'joined' })
    assert.equal(third.joined, undefined, 'nobody was left to be joined')
    const later = await belay.cancel('patient', { cancelation_key: 'joined' })
    assert.equal(later.recipients[0]!.runs.length, 1, 'a cancel sees what is pending now, not what was before')
  })

  await t.test('on_conflict replace takes out who was pending, and says so', async () => {
    const old = await belay.trigger('patient', { recipients: ['ada', 'bob'], cancelation_key: 'replaced' })
    const settings = { on_conflict: 'replace' }
    const fresh = await belay.trigger('patient', { recipients: ['bob'], cancelation_key: 'replaced', settings })
    assert.equal(fresh.replaced?.summary.canceled, 2)
    assert.equal(fresh.replaced.recipients[0]!.runs[0]!.workflow_run_id, old.workflow_run_id)
    const { recipients } = await belay.cancel('patient', { cancelation_key: 'replaced' })
    assert.deepEqual(
      recipients.map(({ id, outcome, runs }) => [id, outcome, runs.map((run) => run.workflow_run_id)]),
      [['bob', 'canceled', [fresh.workflow_run_id]]],
    )
    await (await toldRun(temporal, 'patient/replaced')).result()
  })

  await t.test('on_conflict keep leaves what is pending, and names it', async () => {
    const settings = { on_conflict: 'keep' }
    const first = await belay.trigger('patient', { recipients: ['ada'], cancelation_key: 'kept', settings })
    const second = await belay.trigger('patient', { recipients: ['bob'], cancelation_key: 'kept', settings })
    assert.equal(first.kept, undefined)
    assert.deepEqual(second, { workflow_run_id: first.workflow_run_id, kept: true })
    assert.deepEqual(await statuses('kept'), { ada: 'paused' })
  })

  await t.test('a cancel signal from the Temporal CLI takes out whom it names', async () => {
    await belay.trigger('patient', { recipients: ['ada', 'bob'], cancelation_key: 'signaled' })
    const run = await toldRun(temporal, 'patient/signaled')
    const input = JSON.stringify({ recipients: ['ada'], reason: 'by hand' })
    await workflowCommand('signal', 'signaled', '--name', 'cancel', '--input', input)
    await until('ada canceled', async () => (await statuses('signaled'))['ada'] === 'cancelled')
    assert.deepEqual(await statuses('signaled'), { ada: 'cancelled', bob: 'paused' })
    const verdict = await belay.cancel('patient', { cancelation_key: 'signaled', recipients: ['ada'] })
    assert.equal(verdict.recipients[0]!.outcome, 'already_canceled')

    // A typo must not cancel everyone: it is ignored, and the next signal is carried out.
    await workflowCommand('signal', 'signaled', '--name', 'cancel', '--input', '{"recipient":["bob"]}')
    await workflowCommand('signal', 'signaled', '--name', 'cancel', '--input', '{"recipients":["nobody"]}')
    assert.deepEqual(await statuses('signaled'), { ada: 'cancelled', bob: 'paused' })
    await workflowCommand('signal', 'signaled', '--name', 'cancel')
    const counts: unknown = await run.result()
    assert.deepEqual(counts, { sent: 0, canceled: 2, skipped: 0, failed: 0 })
    assert.deepEqual(await statuses('signaled'), { ada: 'cancelled', bob: 'cancelled' })
  })

  await t.test('temporal workflow cancel cancels for everyone', async () => {
    await belay.trigger('patient', { recipients: ['ada', 'bob'], cancelation_key: 'requested' })
    const run = await toldRun(temporal, 'patient/requested')
    await workflowCommand('cancel', 'requested')
    await assert.rejects(run.result(), { name: 'WorkflowFailedError' })
    assert.equal((await run.describe()).status.name, 'CANCELLED')
    assert.deepEqual(await statuses('requested'), { ada: 'cancelled', bob: 'cancelled' })
    const { summary } = await belay.cancel('patient', { cancelation_key: 'requested' })
    assert.equal(summary.already_canceled, 2)
  })
})
