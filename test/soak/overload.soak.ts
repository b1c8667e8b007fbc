import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { offerLoad } from '../../testing/fixtures/offered-load.ts'
import { SECRET_KEY } from '../../testing/product/api-server.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import { startProcesses } from '../../testing/servers/processes.ts'
import { mostMemory, watchHealth } from '../../testing/servers/watched.ts'
import { keepFigures } from '../../testing/fixtures/reliability-page.ts'
import { httpStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'

/** `BELAY_SOAK_SECONDS` shortens it for a busy machine. */
const OVERLOAD_S = Number(process.env['BELAY_SOAK_SECONDS'] ?? 60)
const TIMES = 10
/** What a long run accepts takes hours to deliver, unloaded too: it is watched for so long. */
const DRAIN_S = 600
const ALONE_MS = 10_000
const CALLERS = 16
/** An api that has nothing to do answers in one; here its process shares two cores with all others. */
const HEALTH_WITHIN_MS = 2_000
const LOG_BYTES = 200_000
/** docker-compose.yml's, and its limit of memory. */
const HEAP = '--max-old-space-size=768'
const MEMORY_BYTES = 1_024 ** 3

test(`${OVERLOAD_S} s of ${TIMES} times what it can take: refused at once, and what was accepted is delivered soon after`, async (t) => {
  const delivered = new Map<string, number>()
  const receiver = await httpReceiver((response, { body }) => {
    delivered.set(body, (delivered.get(body) ?? 0) + 1)
    response.end()
  })
  t.after(() => receiver.close())
  const notifications = notificationsFolder({
    'hook/workflow.json': workflow(httpStep('notice', receiver.url, '{{ data.n }}')),
  })
  const { belay, url, api, worker } = await startProcesses(t, notifications, { NODE_OPTIONS: HEAP })

  // Unloaded: so many callers, each of whom waits for the answer.
  const began = performance.now()
  let first = 0
  const caller = async () => {
    while (performance.now() - began < ALONE_MS) {
      const n = first++
      await belay.trigger('hook', { recipients: [`user-${n}`], data: { n: `first-${n}` } })
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  await until('all of the first are delivered', () => delivered.size === first, 300_000)
  const perSecond = (first * 1_000) / (performance.now() - began)

  const watch = watchHealth(url)
  const offered = await offerLoad(url, {
    perSecond: TIMES * perSecond,
    ms: OVERLOAD_S * 1_000,
    path: '/v1/workflows/hook/trigger',
    key: SECRET_KEY,
    body: (n) => JSON.stringify({ recipients: [`user-${n}`], data: { n: `over-${n}` } }),
  })
  const accepted = offered.accepted
  const alone = accepted / perSecond
  const ended = performance.now()
  const before = delivered.size
  const left = first + accepted - before
  const isLong = alone > DRAIN_S
  const enough = isLong ? before + Math.min(left, Math.ceil((DRAIN_S * perSecond) / 2)) : first + accepted
  const patienceMs = Math.max(120_000, (isLong ? 2 * DRAIN_S : 10 * alone) * 1_000)
  await until('what was accepted is delivered', () => delivered.size >= enough, patienceMs)
  const drained = (performance.now() - ended) / 1_000
  const { slowest, wrong } = await watch.end()
  const doubled = [...delivered.values()].filter((times) => times > 1).length
  const memory = [mostMemory(api.pid), mostMemory(worker.pid)] as const
  const since = delivered.size - before
  const logged = api.output().length + worker.output().length
  assert.deepEqual(
    [...offered.statuses.keys()].filter((status) => status !== 200 && status !== 503),
    [],
  )
  const within = isLong ? DRAIN_S : 2 * alone
  assert.ok(drained <= within, `${drained} s for ${since}, at ${perSecond} a second unloaded`)
  assert.equal(doubled, 0)
  assert.equal(wrong, 0)
  assert.ok(slowest < HEALTH_WITHIN_MS)
  assert.ok(logged < LOG_BYTES)
  assert.ok(Math.max(...memory) < MEMORY_BYTES)
  // And as before: what is asked now is answered, and delivered, where nothing is left before it.
  await belay.trigger('hook', { recipients: ['late'], data: { n: 'late' } })
  if (!isLong) await until('the next is delivered', () => delivered.has('late'), 10_000)
  await keepFigures(`${OVERLOAD_S} s of ${TIMES} times the load`, {
    'notifications a second, unloaded': perSecond.toFixed(1),
    'offered a second': String(Math.round(TIMES * perSecond)),
    'accepted, and refused as `overloaded`': `${accepted}, ${offered.statuses.get(503) ?? 0}`,
    'delivered after the load, of those left': `${since} of ${left} in ${drained.toFixed(0)} s`,
    'what they take unloaded': `${(since / perSecond).toFixed(0)} s`,
    'slowest answer of `/healthz`, slowest refusal': `${slowest.toFixed(0)} ms, ${offered.slowestRefusal.toFixed(0)} ms`,
    'most memory, api and worker': memory.map((bytes) => `${Math.round(bytes / 1e6)} MB`).join(', '),
    'log of both': `${logged / 1_000} kB`,
  })
})
