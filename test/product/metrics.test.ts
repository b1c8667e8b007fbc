import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { scrapeOf, sumOf, type Labels } from '../../testing/fixtures/samples.ts'
import { delayStep, feedStep, httpStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import { startProcesses } from '../../testing/servers/processes.ts'

test('api and worker tell what they did on ports of their own, the worker with the SDK’s own metrics', async (t) => {
  const receiver = await httpReceiver((response, { url }) => response.writeHead(url === '/refuses' ? 400 : 200).end())
  t.after(() => receiver.close())
  const { belay, metrics } = await startProcesses(
    t,
    notificationsFolder({
      'letter/workflow.json': workflow(feedStep('now'), httpStep('hook', `${receiver.url}/hook`, '{}')),
      'refused/workflow.json': workflow(httpStep('hook', `${receiver.url}/refuses`, '{}')),
      'patient/workflow.json': workflow(delayStep('wait', 30, 'days'), feedStep('later')),
    }),
  )
  await belay.trigger('letter', { recipients: ['ada', 'bob'] })
  await belay.trigger('refused', { recipients: ['ada'] })
  await belay.trigger('patient', { recipients: ['ada', 'bob', 'carl'], cancelation_key: 'patient' })
  await belay.cancel('patient', { cancelation_key: 'patient', recipients: ['bob'] })

  const messages = (labels: Labels) =>
    until(`messages ${JSON.stringify(labels)}`, async () => {
      const count = sumOf(await scrapeOf(metrics.worker), 'belay_messages_total', labels)
      return count !== undefined && count > 0 && count
    })
  assert.equal(await messages({ channel_type: 'in_app_feed', outcome: 'delivered' }), 2)
  assert.equal(await messages({ channel_type: 'http', outcome: 'undelivered' }), 1)
  await until('both hooks', async () => {
    const hooks = sumOf(await scrapeOf(metrics.worker), 'belay_messages_total', {
      channel_type: 'http',
      outcome: 'delivered',
    })
    const sent = sumOf(await scrapeOf(metrics.worker), 'belay_messages_total', {
      channel_type: 'http',
      outcome: 'sent',
    })
    return hooks! + sent! === 2
  })

  const worker = await scrapeOf(metrics.worker)
  assert.ok(sumOf(worker, 'temporal_request_total')! > 0, 'the SDK’s own')
  assert.ok(sumOf(worker, 'temporal_activity_execution_latency_seconds_count')! > 0)
  assert.ok(sumOf(worker, 'belay_due_lateness_seconds_count', { of: 'run' })! >= 3)
  assert.ok(sumOf(worker, 'belay_due_lateness_seconds_count', { of: 'message' })! >= 3)
  assert.ok(sumOf(worker, 'belay_send_duration_seconds_count', { channel_type: 'http' })! >= 3)
  assert.equal(sumOf(worker, 'belay_lease_losses_total'), 0)
  assert.ok(sumOf(worker, 'nodejs_heap_size_used_bytes')! > 0)

  const api = await until('the api to see every queue polled, and a server that tells of failing runs', async () => {
    const samples = await scrapeOf(metrics.api)
    return sumOf(samples, 'belay_task_queue_polled') === 3 && sumOf(samples, 'belay_runs_failing') === 0 && samples
  })
  assert.equal(sumOf(api, 'belay_search_attributes_missing'), 0)
  assert.equal(sumOf(api, 'belay_verdicts_total', { outcome: 'canceled' }), 1)
  assert.equal(sumOf(api, 'belay_http_requests_total', { route: '/v1/workflows/:key/trigger', code: '200' }), 3)
  assert.equal(sumOf(api, 'belay_live_connections'), 0)
  assert.ok(Math.abs(sumOf(api, 'belay_clock_skew_seconds')!) < 20)
  await until('who is pending', async () => {
    return sumOf(await scrapeOf(metrics.api), 'belay_pending_recipient_runs') === 2
  })
  assert.equal(sumOf(await scrapeOf(metrics.api), 'belay_overdue_recipient_runs'), 0)
})
