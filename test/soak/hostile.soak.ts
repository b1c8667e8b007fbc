import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { routes } from '../../api/routes/index.ts'
import { brokenBodies, hostileRequests } from '../../testing/fixtures/hostile-requests.ts'
import { inLanes } from '../../testing/fixtures/lanes.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { keepFigures } from '../../testing/fixtures/reliability-page.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { SECRET_KEY } from '../../testing/product/api-server.ts'
import { startProcesses } from '../../testing/servers/processes.ts'
import { mostMemory, watchHealth } from '../../testing/servers/watched.ts'

/** Shorter for a try by hand. */
const HOSTILE_S = Number(process.env['HOSTILE_SECONDS'] ?? 1_200)
/** Of what is sent; the same seed sends the same. */
const SEED = Number(process.env['HOSTILE_SEED'] ?? Date.now() % 1_000_000)
const LANES = 8
/** docker-compose.yml's, and its limit of memory. */
const HEAP = '--max-old-space-size=768'
const MEMORY_BYTES = 1_024 ** 3
const HEALTH_WITHIN_MS = 5_000
const LOG_BYTES = 2_000_000

test(`${HOSTILE_S} s of hostile input on every route: refused, and whoever asks for what is right is served`, async (t) => {
  t.diagnostic(`HOSTILE_SEED=${SEED}`)
  const notifications = notificationsFolder({
    'invite/workflow.json': workflow(feedStep('now'), delayStep('wait', 1, 'days'), feedStep('later')),
    'right/workflow.json': workflow(feedStep('now', '{{ data.n }}')),
  })
  const { belay, url, api, worker } = await startProcesses(t, notifications, { NODE_OPTIONS: HEAP })
  const watch = watchHealth(url)
  const statuses = new Map<number, number>()
  const wrong: string[] = []
  const send = async (method: string, path: string, body: string | Buffer | undefined) => {
    const response = await fetch(url + path, {
      method: method.toUpperCase(),
      headers: { authorization: `Bearer ${SECRET_KEY}` },
      ...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    })
    await response.arrayBuffer()
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
    // Overload is no fault: it says when to come back.
    if (response.status >= 500 && response.status !== 503)
      wrong.push(`${response.status} ${method} ${path} ${String(body).slice(0, 300)}`)
  }
  const began = performance.now()
  let round = 0
  for (; performance.now() - began < HOSTILE_S * 1_000; round += 1) {
    const requests = routes.flatMap((route) =>
      fc.sample(hostileRequests(route), { numRuns: 2, seed: SEED + round }).map(({ path, query, sent }) => ({
        method: route.method,
        path: `${path}?${query}`,
        body: sent === undefined ? undefined : JSON.stringify(sent),
      })),
    )
    const taking = routes.filter(({ body }) => body !== undefined)
    const broken = brokenBodies.map((body, at) => {
      const { method, path } = taking[(round * brokenBodies.length + at) % taking.length]!
      return { method, path: path.replace(/:\w+/g, 'ada'), body }
    })
    await inLanes(LANES, [...requests, ...broken], ({ method, path, body }) => send(method, path, body))
    const witness = `witness-${round}`
    await belay.trigger('right', { recipients: [witness], data: { n: round } })
    await until(`${witness} is served`, async () => (await belay.feed(witness)).length === 1)
  }
  const { slowest, wrong: unhealthy } = await watch.end()
  assert.deepEqual(wrong.slice(0, 10), [])
  assert.equal(unhealthy, 0)
  assert.ok(slowest < HEALTH_WITHIN_MS, `/healthz took ${slowest} ms`)
  const memory = [mostMemory(api.pid), mostMemory(worker.pid)] as const
  assert.ok(Math.max(...memory) < MEMORY_BYTES)
  const logged = api.output().length + worker.output().length
  assert.ok(logged < LOG_BYTES, `${logged} bytes of log`)
  const counts = [...statuses].sort(([one], [other]) => one - other).map(([status, count]) => `${status}: ${count}`)
  await keepFigures('Hostile input', {
    'seed, and seconds': `${SEED}, ${HOSTILE_S}`,
    'requests to every route, by status': counts.join(', '),
    'others who were served meanwhile': String(round),
    'slowest answer of `/healthz`': `${slowest.toFixed(0)} ms`,
    'most memory, api and worker': memory.map((bytes) => `${Math.round(bytes / 1e6)} MB`).join(', '),
    'log of both': `${(logged / 1_000).toFixed(0)} kB`,
  })
})
