import assert from 'node:assert/strict'
import { test } from 'node:test'
import { searchAttributes } from '../../temporal/send.ts'
import type { Counts } from '../../workflows/run-view.ts'
import { toldRun } from '../../testing/fixtures/told-run.ts'
import { bodies } from '../../testing/product/belay.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { startProduct } from '../../testing/product/product.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'

const definitions = {
  'invite/workflow.json': workflow(
    feedStep('now', 'Invited: {{ recipient.name | default: recipient.id }}'),
    delayStep('wait', 3, 'days'),
    feedStep('later', 'Still open: {{ data.workspace }}'),
  ),
  'patient/workflow.json': workflow(feedStep('now'), delayStep('wait', 30, 'days'), feedStep('later')),
  'late/workflow.json': workflow(delayStep('wait', 3, 'days'), feedStep('later')),
}

for (const store of [undefined, 'postgres'] as const) {
  test(`on ${store ?? 'PGlite'}`, async (t) => {
    const notifications = notificationsFolder(definitions)
    const product = await startProduct(t, { notifications, store })
    const { belay, temporal } = product

    await t.test('three are notified, one is canceled, the other two get what came later', async () => {
      const { workflow_run_id: triggerId } = await belay.trigger('invite', {
        recipients: [{ id: 'ada', name: 'Ada' }, 'grace', 'alan'],
        data: { workspace: 'Acme' },
        cancelation_key: 'invite-1',
      })
      const first = await until('three first messages', async () => {
        const sent = await belay.messages({ workflow_run_id: triggerId })
        return sent.length === 3 && sent
      })
      assert.deepEqual(bodies(await belay.feed('ada')), ['Invited: Ada'])

      const verdict = await belay.cancel('invite', { cancelation_key: 'invite-1', recipients: ['grace'] })
      const ofGrace = first.filter(({ recipient }) => recipient === 'grace')
      assert.equal(verdict.status, 'applied')
      assert.deepEqual(verdict.summary, {
        canceled: 1,
        sending: 0,
        already_sent: 0,
        ended: 0,
        already_canceled: 0,
        not_found: 0,
      })
      assert.deepEqual(verdict.recipients, [
        {
          id: 'grace',
          outcome: 'canceled',
          runs: [
            {
              workflow_run_id: triggerId,
              workflow_recipient_run_id: ofGrace[0]!.source.workflow_recipient_run_id,
              outcome: 'canceled',
              messages: [ofGrace[0]!.id],
              in_flight: [],
              taken_back: [],
            },
          ],
        },
      ])

      const soon = { cancelation_key: 'invite-1', delay_for: { unit: 'seconds', value: 1 } }
      await belay.post('/v1/workflows/invite/reschedule', soon)
      const run = await toldRun(temporal, 'invite/invite-1')
      assert.deepEqual(await run.result(), { sent: 5, canceled: 1, skipped: 0, failed: 0 } satisfies Counts)
      assert.deepEqual(bodies(await belay.feed('alan')), ['Still open: Acme', 'Invited: alan'])
      assert.deepEqual(bodies(await belay.feed('ada')), ['Still open: Acme', 'Invited: Ada'])
      assert.deepEqual(bodies(await belay.feed('grace')), ['Invited: grace'])
      const statuses = await belay.recipientRuns({ workflow_run_id: triggerId })
      assert.deepEqual(Object.fromEntries(statuses.map(({ recipient, status }) => [recipient, status])), {
        ada: 'completed',
        grace: 'cancelled',
        alan: 'completed',
      })

      const again = await belay.cancel('invite', { cancelation_key: 'invite-1', archive_sent: true })
      assert.equal(again.status, 'nothing_pending')
      assert.deepEqual(
        again.recipients.map(({ id, outcome }) => [id, outcome]),
        [
          ['ada', 'already_sent'],
          ['grace', 'already_canceled'],
          ['alan', 'already_sent'],
        ],
      )
      const all = await belay.messages({ workflow_run_id: triggerId })
      assert.deepEqual(again.archived.map(({ id }) => id).sort(), all.map(({ id }) => id).sort())
      assert.deepEqual(await belay.feed('ada'), [])
      assert.equal((await belay.feed('ada', 'archived=only')).length, 2)
    })

    await t.test(
      'a run is found in Temporal by what it is about, and shows what became of its recipients',
      async () => {
        const { workflow_run_id: triggerId } = await belay.trigger('patient', {
          recipients: ['ada', 'grace'],
          cancelation_key: 'order 7/ä',
        })
        const query = `BelayDefinition = 'patient' and BelayCancelationKey = 'order 7/ä' and BelaySent = 2`
        const found = await until('the run in the list', async () => {
          for await (const run of temporal.workflow.list({ query })) return run
          return null
        })
        assert.equal(found.workflowId, 'patient/order 7/ä')
        assert.equal(found.type, 'notificationRun')
        assert.equal(found.status.name, 'RUNNING')
        assert.deepEqual(found.typedSearchAttributes.get(searchAttributes.triggers), [triggerId])
        assert.equal(found.typedSearchAttributes.get(searchAttributes.pending), 2)
        await belay.cancel('patient', { cancelation_key: 'order 7/ä' })
        const counts: unknown = await temporal.workflow.getHandle('patient/order 7/ä').result()
        assert.deepEqual(counts, { sent: 2, canceled: 2, skipped: 0, failed: 0 } satisfies Counts)
      },
    )

    await t.test('a cancel in the very next request, or one of the next few, is true, fifty times', async () => {
      const keys = Array.from({ length: 50 }, (_, n) => `swift-${n}`)
      const told: { definition: string; key: string; messages: string[] }[] = []
      for (const [n, key] of keys.entries()) {
        const definition = n % 2 === 0 ? 'invite' : 'late'
        await belay.trigger(definition, { recipients: ['eve', 'bob'], cancelation_key: key })
        for (let others = 0; others < n % 8; others += 1) await belay.feed('eve')
        const { status, summary, recipients } = await belay.cancel(definition, { cancelation_key: key })
        assert.equal(status, 'applied')
        assert.equal(summary.canceled, 2)
        const runs = recipients.flatMap((recipient) => recipient.runs)
        assert.ok(
          runs.every((run) => run.in_flight.length === 0),
          'in-app is sent or not, never on its way',
        )
        told.push({ definition, key, messages: runs.flatMap((run) => run.messages) })
      }
      // A run that has closed sends nothing any more.
      for (const { definition, key } of told) await (await toldRun(temporal, `${definition}/${key}`)).result()
      const sent = [...(await belay.messagesOf('eve')), ...(await belay.messagesOf('bob'))]
      assert.deepEqual(sent.map(({ id }) => id).sort(), told.flatMap(({ messages }) => messages).sort())
      assert.ok(sent.every(({ source }) => source.step_ref === 'now'))
    })

    await t.test(
      'what is not there cannot be canceled: an unknown key is no error, an unknown definition is',
      async () => {
        const verdict = await belay.cancel('invite', { cancelation_key: 'never-used', recipients: ['ada'] })
        assert.equal(verdict.status, 'nothing_pending')
        assert.deepEqual(verdict.recipients, [{ id: 'ada', outcome: 'not_found', runs: [] }])
        const { status, body } = await belay.request<{ code: string }>('POST', '/v1/workflows/unheard-of/cancel', {
          cancelation_key: 'never-used',
        })
        assert.equal(status, 404)
        assert.equal(body.code, 'workflow_missing')
      },
    )
  })
}
