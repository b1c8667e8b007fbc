import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { bodies } from '../../testing/product/belay.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { startPostgres } from '../../testing/servers/postgres-server.ts'
import { startProduct } from '../../testing/product/product.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'

const definitions = {
  'letter/workflow.json': workflow(feedStep('now', '{{ data.text }}')),
  'late/workflow.json': workflow(delayStep('wait', 5), feedStep('later', 'late')),
  'patient/workflow.json': workflow(delayStep('wait', 30, 'days'), feedStep('later')),
}

/** A call that Temporal does not answer waits two seconds for it; one that waits twice takes four. */
const ONCE_MS = 4_000

interface Ready {
  store: string
  temporal: string
  worker: string
}

test('parts of it away', async (t) => {
  const postgres = await startPostgres()
  const product = await startProduct(t, {
    notifications: notificationsFolder(definitions),
    env: { DATABASE_URL: postgres.url },
  })
  t.after(() => postgres.stop())
  const { belay } = product
  const trigger = (definition: string, body: object) =>
    belay.request<{ workflow_run_id: string }>('POST', `/v1/workflows/${definition}/trigger`, body)
  const cancel = (body: object) =>
    belay.request<{ summary: Record<string, number> }>('POST', '/v1/workflows/letter/cancel', body)
  const letter = (cancelation_key: string) => ({
    recipients: ['ada', 'bob'],
    cancelation_key,
    data: { text: cancelation_key },
  })
  const ready = () => belay.request<Ready>('GET', '/readyz')

  await t.test('a Temporal that hangs: everything is accepted, nobody waits for it twice, a cancel holds', async () => {
    await belay.trigger('patient', { recipients: ['carl', 'dora'], cancelation_key: 'before' })
    const temporal = product.temporalPid()
    process.kill(temporal, 'SIGSTOP')
    const first = await trigger('letter', letter('first'))
    assert.equal(first.status, 200)
    assert.ok(first.ms < ONCE_MS, `took ${first.ms} ms`)
    const { status, body } = await until('known to be away', async () => {
      const answer = await ready()
      return answer.body.temporal === 'away' && answer
    })
    assert.equal(status, 200, 'a cancel works without Temporal')
    assert.deepEqual(body, { store: 'ok', temporal: 'away', worker: 'away' })

    const second = await trigger('letter', letter('second'))
    const verdict = await cancel({ cancelation_key: 'second', recipients: ['bob'] })
    const earlier = await belay.cancel('patient', { cancelation_key: 'before', recipients: ['dora'] })
    for (const { status, ms } of [second, verdict]) {
      assert.equal(status, 200)
      assert.ok(ms < 1_500, `took ${ms} ms`)
    }
    assert.equal(verdict.body.summary['canceled'], 1)
    assert.equal(earlier.summary.canceled, 1)

    process.kill(temporal, 'SIGCONT')
    await until('three letters', async () => (await belay.messages({ source: 'letter' })).length === 3)
    await product.temporal.workflow.getHandle('letter/second').result()
    // Two runs that waited for the same Temporal: either may come first.
    assert.deepEqual(bodies(await belay.feed('ada')).sort(), ['first', 'second'])
    assert.deepEqual(bodies(await belay.feed('bob')), ['first'])
    const run = product.temporal.workflow.getHandle('patient/before')
    await until('the run knows', async () => (await run.query<{ pending: number }>('state')).pending === 1)
    await until('all are well', async () => {
      const { status: now, body: told } = await ready()
      return now === 200 && isDeepStrictEqual(told, { store: 'ok', temporal: 'ok', worker: 'ok' })
    })
  })

  await t.test('a Temporal that dies: the same, and its next process carries it out', async () => {
    process.kill(product.temporalPid(), 'SIGKILL')
    const accepted = await trigger('letter', letter('third'))
    const verdict = await cancel({ cancelation_key: 'third', recipients: ['bob'] })
    for (const { status, ms } of [accepted, verdict]) {
      assert.equal(status, 200)
      assert.ok(ms < ONCE_MS, `took ${ms} ms`)
    }
    assert.equal(verdict.body.summary['canceled'], 1)
    await until('the letter', async () => bodies(await belay.feed('ada'))[0] === 'third')
    assert.deepEqual(bodies(await belay.feed('bob')), ['first'])
  })

  await t.test('a store that is away: 503 for all that needs it, and well again by itself', async () => {
    await belay.trigger('patient', { recipients: ['eve'], cancelation_key: 'k' })
    const { workflow_run_id: late } = await belay.trigger('late', { recipients: ['fay'] })
    const [{ scheduled_at: due } = { scheduled_at: null }] = await belay.recipientRuns({ workflow_run_id: late })
    await postgres.halt()
    for (const path of ['/v1/workflows/letter/trigger', '/v1/workflows/letter/cancel']) {
      const body = path.endsWith('trigger') ? letter('never') : { cancelation_key: 'third' }
      const answer = await belay.request<{ code: string }>('POST', path, body)
      assert.equal(answer.status, 503)
      assert.equal(answer.body.code, 'store_unavailable')
      const retryAfter = Number(answer.headers.get('retry-after'))
      assert.ok(retryAfter >= 1 && retryAfter <= 5, `Retry-After is ${retryAfter}`)
    }
    const away = await ready()
    assert.equal(away.status, 503)
    assert.equal(away.body.store, 'away')
    assert.equal((await belay.request('GET', '/healthz')).status, 200)

    // Somebody's instant comes and finds no store.
    await until('the instant', () => Date.now() > Date.parse(due!) + 500)
    await postgres.resume()
    await until('accepted again', async () => {
      const answer = await trigger('letter', letter('fourth'))
      return answer.status === 200 && answer
    })
    await until('the letter', async () => bodies(await belay.feed('ada'))[0] === 'fourth')
    await until('the one whose instant had come', async () => (await belay.feed('fay')).length === 1)
    await until('ready', async () => (await ready()).status === 200)
    const { summary } = await belay.cancel('patient', { cancelation_key: 'k' })
    assert.equal(summary.canceled, 1)
    assert.ok(!bodies(await belay.feed('ada')).includes('never'))
  })
})
