import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { toldRun } from '../../testing/fixtures/told-run.ts'
import { startProduct } from '../../testing/product/product.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'

interface Moved {
  status: string
  scheduled_at: string
  summary: Record<string, number>
  recipients: { id: string; outcome: string; runs: { messages: string[] }[] }[]
}
interface Many {
  status: string
  summary: Record<string, number>
  verdicts: { workflow: string; cancelation_key: string | null; recipients: { id: string; outcome: string }[] }[]
}

void test('moving sleeps, and canceling without the key', async (t) => {
  const notifications = notificationsFolder({
    'reminder/workflow.json': workflow(delayStep('wait', 3, 'days'), feedStep('remind')),
    'welcome/workflow.json': workflow(feedStep('now'), delayStep('wait', 3, 'days'), feedStep('later')),
    'soon/workflow.json': workflow(delayStep('wait', 2), feedStep('remind')),
  })
  const { belay, temporal } = await startProduct(t, { notifications })
  const sentTo = async (user: string) => (await belay.messagesOf(user)).map(({ source }) => source.step_ref)
  const closed = async (id: string): Promise<unknown> => (await toldRun(temporal, id)).result()

  await t.test('send_now ends a sleep of three days at once, for those named', async () => {
    await belay.trigger('reminder', { recipients: ['ann', 'ben'], cancelation_key: 'now' })
    const moved = await belay.post<Moved>('/v1/workflows/reminder/send_now', {
      cancelation_key: 'now',
      recipients: ['ann', 'zoe'],
    })
    assert.equal(moved.status, 'applied')
    assert.deepEqual(
      moved.recipients.map(({ id, outcome }) => [id, outcome]),
      [
        ['ann', 'sent_now'],
        ['zoe', 'not_found'],
      ],
    )
    await until('ann has it', async () => (await sentTo('ann')).length === 1)
    assert.deepEqual(await sentTo('ben'), [])
    const again = await belay.post<Moved>('/v1/workflows/reminder/send_now', { cancelation_key: 'now' })
    assert.equal(again.summary['already_sent'], 1)
    assert.equal(again.summary['sent_now'], 1)
    assert.deepEqual(await closed('reminder/now'), { sent: 2, canceled: 0, skipped: 0, failed: 0 })
  })

  await t.test('reschedule moves the current sleep, to an instant or to a while from now', async () => {
    await belay.trigger('reminder', { recipients: ['cat', 'dan'], cancelation_key: 'moved' })
    const reschedule = (value: number) => {
      const body = { cancelation_key: 'moved', recipients: ['cat'], delay_for: { unit: 'seconds', value } }
      return belay.post<Moved>('/v1/workflows/reminder/reschedule', body)
    }
    const inAnHour = await reschedule(3_600)
    assert.equal(inAnHour.summary['rescheduled'], 1)
    const [run] = await belay.recipientRuns({ cancelation_key: 'moved', recipient: 'cat' })
    assert.equal(new Date(run!.scheduled_at!).toISOString(), inAnHour.scheduled_at)
    const moved = await reschedule(1)
    assert.equal(moved.summary['rescheduled'], 1)
    await until('cat has it', async () => (await sentTo('cat')).length === 1)
    const [message] = await belay.messagesOf('cat')
    assert.ok(new Date(message!.inserted_at) >= new Date(moved.scheduled_at), 'not before its instant')

    const in5days = new Date(Date.now() + 5 * 86_400_000).toISOString()
    const later = await belay.post<Moved>('/v1/workflows/reminder/reschedule', {
      cancelation_key: 'moved',
      delay_until: in5days,
    })
    assert.deepEqual(
      later.recipients.map(({ id, outcome }) => [id, outcome]),
      [
        ['cat', 'already_sent'],
        ['dan', 'rescheduled'],
      ],
    )
    const canceled = await belay.cancel('reminder', { cancelation_key: 'moved' })
    assert.equal(canceled.summary.canceled, 1)
    const gone = await belay.post<Moved>('/v1/workflows/reminder/reschedule', {
      cancelation_key: 'moved',
      delay_until: in5days,
    })
    assert.equal(gone.summary['already_canceled'], 1)
    assert.equal(gone.status, 'nothing_pending')
    await closed('reminder/moved')
  })

  await t.test(
    'racing the old instant, a message goes out once, and the answer says whether it was moved',
    async () => {
      const keys = Array.from({ length: 12 }, (_, i) => `race_${i}`)
      await Promise.all(keys.map((key) => belay.trigger('soon', { recipients: [key], cancelation_key: key })))
      const moved = await Promise.all(
        keys.map(async (key, i) => {
          await new Promise((resolve) => setTimeout(resolve, 1_700 + i * 100))
          const body = { cancelation_key: key, delay_for: { unit: 'seconds', value: 1 } }
          return belay.post<Moved>('/v1/workflows/soon/reschedule', body)
        }),
      )
      await Promise.all(keys.map((key) => closed(`soon/${key}`)))
      for (const [i, key] of keys.entries()) {
        const messages = await belay.messagesOf(key)
        assert.equal(messages.length, 1)
        const { recipients, scheduled_at: at } = moved[i]!
        const sentAt = new Date(messages[0]!.inserted_at)
        if (recipients[0]!.outcome === 'rescheduled') assert.ok(sentAt >= new Date(at), 'at the new instant')
        else assert.deepEqual(recipients[0]!.runs[0]!.messages, [messages[0]!.id])
      }
    },
  )

  await t.test('a trigger is canceled by its own id, and others under its key are left alone', async () => {
    const first = await belay.trigger('reminder', { recipients: ['eve', 'fay'], cancelation_key: 'both' })
    const second = await belay.trigger('reminder', { recipients: ['eve'], cancelation_key: 'both' })
    const keyless = await belay.trigger('reminder', { recipients: ['eve'] })
    const verdict = await belay.post<Many['verdicts'][number]>(`/v1/workflow_runs/${first.workflow_run_id}/cancel`, {})
    assert.deepEqual(
      verdict.recipients.map(({ id, outcome }) => [id, outcome]),
      [
        ['eve', 'canceled'],
        ['fay', 'canceled'],
      ],
    )
    const statuses = async (id: string) =>
      (await belay.recipientRuns({ workflow_run_id: id })).map(({ status }) => status)
    assert.deepEqual(await statuses(first.workflow_run_id), ['cancelled', 'cancelled'])
    assert.deepEqual(await statuses(second.workflow_run_id), ['paused'])
    await belay.post(`/v1/workflow_runs/${keyless.workflow_run_id}/cancel`, {})
    assert.deepEqual(await statuses(keyless.workflow_run_id), ['cancelled'])
    const unknown = await belay.request('POST', '/v1/workflow_runs/6f1c9a52-0000-4000-8000-000000000000/cancel', {})
    assert.equal(unknown.status, 404)
  })

  await t.test('everything pending for a user is canceled, of one tenant or of all', async () => {
    await belay.trigger('reminder', { recipients: ['gus', 'hal'], cancelation_key: 'u1', tenant: 'acme' })
    await belay.trigger('welcome', { recipients: ['gus'] })
    await until('the first step is sent', async () => (await sentTo('gus')).length === 1)
    const ofTenant = await belay.post<Many>('/v1/users/gus/cancel', { tenant: 'acme' })
    assert.deepEqual(
      ofTenant.verdicts.map(({ workflow, cancelation_key: key }) => [workflow, key]),
      [['reminder', 'u1']],
    )
    const rest = await belay.post<Many>('/v1/users/gus/cancel', {})
    assert.deepEqual(
      rest.verdicts.map(({ workflow, recipients }) => [workflow, recipients[0]!.outcome]),
      [['welcome', 'canceled']],
    )
    assert.equal((await belay.post<Many>('/v1/users/gus/cancel', {})).status, 'nothing_pending')
    const left = await belay.recipientRuns({ cancelation_key: 'u1' })
    assert.deepEqual(left.map(({ recipient, status }) => [recipient, status]).sort(), [
      ['gus', 'cancelled'],
      ['hal', 'paused'],
    ])
  })

  await t.test('deleting a user cancels first', async () => {
    await belay.putUser('kim', { name: 'Kim' })
    const { workflow_run_id: id } = await belay.trigger('reminder', { recipients: ['kim'] })
    assert.equal((await belay.request('DELETE', '/v1/users/kim')).status, 204)
    assert.equal((await belay.request('GET', '/v1/users/kim')).status, 404)
    assert.equal((await belay.request('DELETE', '/v1/users/kim')).status, 404)
    const [run] = await belay.recipientRuns({ workflow_run_id: id })
    assert.equal(run!.status, 'cancelled')
  })

  await t.test('many keys are canceled in one call, each on its own', async () => {
    for (const key of ['b1', 'b2'])
      await belay.trigger('reminder', { recipients: ['ida', 'joe'], cancelation_key: key })
    const bulk = await belay.post<Many>('/v1/workflows/reminder/bulk_cancel', {
      cancelation_keys: ['b1', 'b2', 'b3', 'b1'],
    })
    assert.equal(bulk.summary['canceled'], 4)
    assert.deepEqual(
      bulk.verdicts.map(({ cancelation_key: key }) => key),
      ['b1', 'b2', 'b3'],
    )
    await Promise.all([closed('reminder/b1'), closed('reminder/b2')])
  })

  await t.test('what cannot be a new instant is refused, naming the field', async () => {
    const fieldOf = async (body: object) => {
      const { status, body: answer } = await belay.request<{ errors: { field: string }[] }>(
        'POST',
        '/v1/workflows/reminder/reschedule',
        { cancelation_key: 'x', ...body },
      )
      return `${status} ${answer.errors[0]?.field ?? ''}`
    }
    assert.equal(await fieldOf({}), '422 delay_until')
    assert.equal(await fieldOf({ delay_until: '2020-01-01T00:00:00Z' }), '422 delay_until')
    assert.equal(await fieldOf({ delay_until: '2099-01-01T00:00:00Z' }), '422 delay_until')
    assert.equal(await fieldOf({ delay_until: 'tomorrow' }), '422 delay_until')
    assert.equal(await fieldOf({ delay_for: { unit: 'days', value: 366 } }), '422 delay_for')
    assert.equal(await fieldOf({ delay_for: { unit: 'days', value: 0 } }), '422 delay_for.value')
    assert.equal(await fieldOf({ delay_for: { unit: 'days', value: 1 }, recipient: ['ann'] }), '422 recipient')
  })
})
