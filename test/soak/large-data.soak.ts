import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { isRunning } from '../../testing/servers/process.ts'
import { startProcesses } from '../../testing/servers/processes.ts'
import { mostMemory, watchHealth } from '../../testing/servers/watched.ts'

/** docker-compose.yml's, and its limit of memory. */
const HEAP = '--max-old-space-size=768'
const MEMORY_BYTES = 1_024 ** 3
/** The process shares two cores with all others. */
const HEALTH_WITHIN_MS = 5_000
const WITHIN_MS = 600_000

const shows = workflow(feedStep('notice', '{{ data.text }}'))
const counts = workflow(feedStep('notice', '{{ data.text.size }}'))
const cases: [
  what: string,
  definition: string,
  people: number,
  bytes: number,
  ends: 'sent' | 'failed',
  sandbox?: true,
][] = [
  ['500 recipients of 300 kB each', 'shows', 500, 300_000, 'sent'],
  ['500 recipients of 600 kB each, more than a message may hold', 'shows', 500, 600_000, 'failed'],
  ['500 recipients of 9 MB that none is shown', 'counts', 500, 9_000_000, 'sent'],
  ['10,000 recipients of 1 MB that none is shown', 'counts', 10_000, 1_000_000, 'sent'],
  ['500 recipients of 300 kB each in sandbox mode', 'shows', 500, 300_000, 'sent', true],
]

test('large data at the heap of docker-compose.yml: nothing dies, and whoever cannot be sent to ends visibly', async (t) => {
  const notifications = notificationsFolder({ 'shows/workflow.json': shows, 'counts/workflow.json': counts })
  const { belay, url, api, worker } = await startProcesses(t, notifications, { NODE_OPTIONS: HEAP })
  for (const [what, definition, people, bytes, ends, sandbox] of cases) {
    await t.test(what, async () => {
      const watch = watchHealth(url)
      const began = performance.now()
      const recipients = Array.from({ length: people }, (_, n) => `user-${n}`)
      const { workflow_run_id } = await belay.trigger(definition, {
        recipients,
        data: { text: 'x'.repeat(bytes) },
        ...(sandbox === true && { settings: { sandbox_mode: true } }),
      })
      const last = `user-${people - 1}`
      const runOf = async () => (await belay.recipientRuns({ workflow_run_id, recipient: last }))[0]
      const over = await until(
        'the last recipient run is over',
        async () => {
          const found = await runOf()
          return found?.status === 'completed' && found
        },
        WITHIN_MS,
      )
      const all = await until(
        'all are over',
        async () => {
          const { items } = await belay.get<{ items: { status: string }[] }>(
            `/v1/workflow_recipient_runs?workflow_run_id=${workflow_run_id}&status=queued&page_size=50`,
          )
          return items.length === 0
        },
        WITHIN_MS,
      )
      assert.ok(all)
      assert.equal(over.error_count, ends === 'failed' ? 1 : 0)
      const { items } = await belay.get<{ items: { status: string }[] }>(
        `/v1/messages?workflow_run_id=${workflow_run_id}&page_size=50`,
      )
      assert.equal(items.length > 0, ends === 'sent')
      const { slowest, wrong } = await watch.end()
      const [ofApi, ofWorker] = [mostMemory(api.pid), mostMemory(worker.pid)]
      t.diagnostic(
        `${what}: ${Math.round(performance.now() - began)} ms, /healthz within ${Math.round(slowest)} ms; most memory ` +
          `${Math.round(ofApi / 1e6)} MB api, ${Math.round(ofWorker / 1e6)} MB worker`,
      )
      assert.ok(isRunning(api.pid) && isRunning(worker.pid))
      assert.equal(wrong, 0)
      assert.ok(slowest < HEALTH_WITHIN_MS)
      assert.ok(Math.max(ofApi, ofWorker) < MEMORY_BYTES)
    })
  }
  await belay.trigger('counts', { recipients: ['late'], data: { text: '' } })
  await until('the next is sent', async () => (await belay.feed('late')).length === 1, 60_000)
})
