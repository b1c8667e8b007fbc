import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { delayStep, feedStep, httpStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { SECRET_KEY } from '../../testing/product/api-server.ts'
import { httpReceiver, type HttpReceiver } from '../../testing/servers/http-receiver.ts'
import { startProcesses } from '../../testing/servers/processes.ts'

interface Attribute {
  key: string
  value: { stringValue?: string; intValue?: number | string }
}

interface Span {
  service: string
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  attributes: Record<string, string | undefined>
}

interface Export {
  resourceSpans: {
    resource: { attributes: Attribute[] }
    scopeSpans: { spans: (Omit<Span, 'attributes'> & { attributes: Attribute[] })[] }[]
  }[]
}

const plain = (attributes: Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue?.toString()]))

/** What a collector has taken so far. */
function spansOf({ requests }: HttpReceiver): Span[] {
  const exports = requests.filter(({ url }) => url === '/v1/traces').map(({ body }) => JSON.parse(body) as Export)
  return exports
    .flatMap(({ resourceSpans }) => resourceSpans)
    .flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) =>
        spans.map((span) => ({
          ...span,
          service: plain(resource.attributes)['service.name']!,
          attributes: plain(span.attributes),
        })),
      ),
    )
}

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CALLER = 'b7ad6b7169203331'

test('a call’s trace goes on over the workflow to the provider, and one that is not sampled leaves nothing', async (t) => {
  const collector = await httpReceiver((response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
  )
  const provider = await httpReceiver()
  t.after(() => Promise.all([collector.close(), provider.close()]))
  const folder = notificationsFolder({
    'letter/workflow.json': workflow(
      delayStep('wait', 1),
      feedStep('now'),
      httpStep('hook', `${provider.url}/hook`, '{}'),
    ),
    'parent/workflow.json': workflow({
      ref: 'call',
      type: 'trigger_workflow',
      settings: { workflow_key: 'letter' },
    }),
  })
  const { url } = await startProcesses(t, folder, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  const trigger = async (traceparent: string, key = 'letter') => {
    const answer = await fetch(`${url}/v1/workflows/${key}/trigger`, {
      method: 'POST',
      headers: { authorization: `Bearer ${SECRET_KEY}`, 'content-type': 'application/json', traceparent },
      body: JSON.stringify({ recipients: ['ada', 'bob'] }),
    })
    assert.equal(answer.status, 200)
    return ((await answer.json()) as { workflow_run_id: string }).workflow_run_id
  }
  await trigger(`00-11111111111111111111111111111111-${CALLER}-00`)
  const workflowRunId = await trigger(`00-${TRACE}-${CALLER}-01`)

  const spans = await until(
    'the call and both sends to be exported',
    () => {
      const found = spansOf(collector).filter(({ traceId }) => traceId === TRACE)
      const names = found.map(({ name }) => name)
      const isAll = ['POST /v1/workflows/:key/trigger', 'advance'].every((each) => names.includes(each))
      return isAll && names.filter((name) => name === 'send http').length === 2 && found
    },
    120_000,
  )
  const call = spans.find(({ name }) => name === 'POST /v1/workflows/:key/trigger')
  assert.equal(call?.parentSpanId, CALLER)
  assert.equal(call.service, 'belay-api')
  assert.equal(call.attributes['http.response.status_code'], '200')
  for (const name of ['advance', 'send http']) {
    const below = spans.filter((span) => span.name === name)
    assert.ok(below.length > 0, name)
    for (const { parentSpanId, service, attributes } of below) {
      assert.equal(parentSpanId, call.spanId, name)
      assert.equal(service, 'belay-worker')
      assert.equal(attributes['belay.workflow_run_id'], workflowRunId)
    }
  }
  const sends = spans.filter(({ name }) => name === 'send http').map(({ spanId }) => `00-${TRACE}-${spanId}-01`)
  await until('the other trigger to be served, too', () => provider.requests.length >= 4)
  const told = provider.requests.map(({ headers }) => headers['traceparent'])
  for (const send of sends) assert.ok(told.includes(send), 'the provider is told which try it is')
  assert.equal(told.filter((given) => given === undefined).length, 2, 'and told of no trace')
  assert.deepEqual(
    spansOf(collector).filter(({ traceId }) => traceId.startsWith('1111')),
    [],
  )

  const OTHER = '1af7651916cd43dd8448eb211c80319d'
  const parentId = await trigger(`00-${OTHER}-${CALLER}-01`, 'parent')
  const below = await until(
    'what was triggered in turn to be exported',
    () => {
      const found = spansOf(collector).filter(({ traceId }) => traceId === OTHER)
      const counted = (name: string) => found.filter((span) => span.name === name).length
      return counted('send http') === 2 && counted('trigger') === 2 && found
    },
    120_000,
  )
  const steps = below.filter(({ name }) => name === 'trigger')
  assert.equal(steps.length, 2)
  for (const step of steps) {
    assert.equal(step.attributes['belay.workflow_run_id'], parentId)
    const child = step.attributes['belay.triggered_run_id']
    const [sent] = below.filter(({ name, attributes }) => {
      return name === 'send http' && attributes['belay.workflow_run_id'] === child
    })
    assert.equal(sent?.parentSpanId, step.spanId)
  }
})
