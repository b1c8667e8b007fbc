import type { temporal } from '@temporalio/proto'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createCodecApp } from '../../api/codec/codec-app.ts'
import { readSettings } from '../../settings/settings.ts'
import { HOUSEKEEPING_ID } from '../../temporal/deployment.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { toldRun } from '../../testing/fixtures/told-run.ts'
import { until } from '../../testing/fixtures/until.ts'
import { bodies } from '../../testing/product/belay.ts'
import { startProduct } from '../../testing/product/product.ts'
import { HOUSEKEEPING } from '../../workflows/names.ts'

const key = () => randomBytes(32).toString('base64')
const first = `first:${key()}`
const second = `second:${key()}`

type Payload = temporal.api.common.v1.IPayload

/** Every payload below, but search attributes, which Temporal reads itself. */
function payloadsOf(value: unknown): Payload[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return []
  if ('metadata' in value && 'data' in value) return [value as Payload]
  return Object.entries(value).flatMap(([name, part]) => (name === 'searchAttributes' ? [] : payloadsOf(part)))
}

const encodingOf = ({ metadata }: Payload) => Buffer.from(metadata?.['encoding'] ?? []).toString()
const keyOf = ({ metadata }: Payload) => Buffer.from(metadata?.['encryption-key-id'] ?? []).toString()

test('with BELAY_PAYLOAD_KEYS Temporal keeps nothing that can be read without them', async (t) => {
  const product = await startProduct(t, {
    notifications: notificationsFolder({
      'letter/workflow.json': workflow(feedStep('now'), delayStep('wait', 3, 'days'), feedStep('later')),
    }),
    env: { BELAY_PAYLOAD_KEYS: first },
  })
  const { belay } = product
  const historyOf = async (workflowId: string) => {
    const { raw } = await (await toldRun(product.temporal, workflowId)).describe()
    const { history } = await product.temporal.workflowService.getWorkflowExecutionHistory({
      namespace: 'default',
      execution: raw.workflowExecutionInfo!.execution!,
    })
    return payloadsOf([history, raw.executionConfig?.userMetadata, raw.workflowExecutionInfo?.memo])
  }
  const now = async (user: string) => bodies(await belay.feed(user))

  await belay.trigger('letter', { recipients: ['ada', 'bob', 'carl'], cancelation_key: 'k' })
  await belay.trigger('letter', { recipients: ['dora'], cancelation_key: 'kept' })
  await until('dora has her first', async () => (await now('dora')).length === 1)
  await until('the first letters are there', async () => (await now('carl')).length === 1)
  const written = await historyOf('letter/k')
  assert.ok(written.length >= 3)
  assert.deepEqual([...new Set(written.map(encodingOf))], ['binary/encrypted'])
  assert.deepEqual([...new Set(written.map(keyOf))], ['first'])

  await t.test(
    'the codec server shows it to the Web UI of an origin that may, and says what it cannot read',
    async () => {
      const origin = 'http://127.0.0.1:8233'
      const serve = async (keys: string) => {
        const app = createCodecApp(readSettings({ BELAY_PAYLOAD_KEYS: keys, BELAY_CORS_ORIGINS: origin }))
        const server = createServer(app).listen(0, '127.0.0.1')
        await once(server, 'listening')
        t.after(() => server.close())
        return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      }
      const asJson = ({ metadata, data }: Payload) => ({
        metadata: Object.fromEntries(
          Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
        ),
        data: Buffer.from(data ?? []).toString('base64'),
      })
      const ask = (url: string, payloads: object[]) =>
        fetch(`${url}/decode`, { method: 'POST', body: JSON.stringify({ payloads }), headers: { origin } })
      const answer = await ask(await serve(`${second},${first}`), written.map(asJson))
      assert.deepEqual([answer.status, answer.headers.get('access-control-allow-origin')], [200, origin])
      const { payloads } = (await answer.json()) as { payloads: { data: string }[] }
      const shown = payloads.map(({ data }) => Buffer.from(data, 'base64').toString())
      assert.ok(
        shown.some((text) => text.includes('"definitionKey":"letter"') || text.includes('letter')),
        shown.join('\n'),
      )
      const refused = await ask(await serve(second), written.map(asJson))
      assert.equal(refused.status, 400)
      assert.match(((await refused.json()) as { message: string }).message, /BELAY_PAYLOAD_KEYS lacks the key first/)
    },
  )

  await t.test('a new key is put in front: who sleeps can still be canceled, moved and sent to', async () => {
    await product.stop()
    await product.start(undefined, { BELAY_PAYLOAD_KEYS: `${second},${first}` })
    const canceled = await belay.cancel('letter', { cancelation_key: 'k', recipients: ['bob'] })
    assert.equal(canceled.recipients[0]!.outcome, 'canceled')
    await belay.post('/v1/workflows/letter/send_now', { cancelation_key: 'k', recipients: ['ada'] })
    await until('ada has the second letter', async () => (await now('ada')).length === 2)
    assert.deepEqual(await now('ada'), ['later', 'now'])
    const all = await historyOf('letter/k')
    assert.deepEqual([...new Set(all.map(keyOf))], ['first', 'second'])
  })

  await t.test('without its key nothing starts, nothing is lost, and all goes on once the key is back', async () => {
    await product.stop()
    await assert.rejects(
      product.start(undefined, { BELAY_PAYLOAD_KEYS: second }),
      /BELAY_PAYLOAD_KEYS lacks the key first/,
    )
    await product.start(undefined, { BELAY_PAYLOAD_KEYS: `${second},${first}` })
    await belay.post('/v1/workflows/letter/send_now', { cancelation_key: 'k', recipients: ['carl'] })
    await until('carl has the second letter', async () => (await now('carl')).length === 2)
  })

  await t.test(
    'a key that is taken out too early holds up who sleeps under it, and nobody else, until it is back',
    async () => {
      // As it does by itself every few hours.
      await product.temporal.workflow.getHandle(HOUSEKEEPING_ID).terminate('it begins anew')
      await product.temporal.workflow.start(HOUSEKEEPING, { workflowId: HOUSEKEEPING_ID, taskQueue: 'belay' })
      await until('housekeeping writes with the new key', async () => {
        const { workflowExecutionInfo } = await product.temporal.workflowService.describeWorkflowExecution({
          namespace: 'default',
          execution: { workflowId: HOUSEKEEPING_ID },
        })
        const memo = payloadsOf(workflowExecutionInfo?.memo)
        return memo.length > 0 && memo.every((payload) => keyOf(payload) === 'second')
      })
      await product.stop()
      await product.start(undefined, { BELAY_PAYLOAD_KEYS: second })
      await belay.post('/v1/workflows/letter/send_now', { cancelation_key: 'kept' })
      await belay.trigger('letter', { recipients: ['eve'], cancelation_key: 'fresh' })
      await until('eve has her first', async () => (await now('eve')).length === 1)
      assert.deepEqual(await now('dora'), ['now'])

      await product.stop()
      await product.start(undefined, { BELAY_PAYLOAD_KEYS: `${second},${first}` })
      await until('dora has the second letter', async () => (await now('dora')).length > 1, 240_000)
      assert.deepEqual(await now('dora'), ['later', 'now'])
    },
  )
})

test('keys that are none are refused with the form they must have', () => {
  for (const keys of ['abc', 'a:tooshort', `a:${randomBytes(31).toString('base64')}`]) {
    assert.throws(
      () => readSettings({ BELAY_PAYLOAD_KEYS: keys }),
      /BELAY_PAYLOAD_KEYS.*id:key.*openssl rand -base64 32/,
    )
  }
  assert.throws(() => readSettings({ BELAY_PAYLOAD_KEYS: `${first},${first}` }), /names the key first twice/)
})
