import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { delayStep, feedStep, httpStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import type { Script } from '../../testing/servers/process.ts'
import { startProcesses } from '../../testing/servers/processes.ts'

test('the log lines of api and worker are joined by the id of a trigger: accepted, walked, tried, tried again, canceled', async (t) => {
  let tries = 0
  const receiver = await httpReceiver((response, { url }) => {
    if (url === '/answer') return void response.end('{}')
    tries += 1
    response.writeHead(tries === 1 ? 503 : 200, { 'retry-after': '0' }).end()
  })
  t.after(() => receiver.close())
  const fetched = { ref: 'fetch', type: 'http_fetch', settings: { method: 'get', url: `${receiver.url}/answer` } }
  const hook = httpStep('hook', receiver.url, 'secret text')
  const letter = workflow(fetched, hook, delayStep('wait', 1, 'days'), feedStep('later'))
  const notifications = notificationsFolder({ 'letter/workflow.json': letter })
  const { belay, api, worker } = await startProcesses(t, notifications, { LOG_LEVEL: 'debug' })

  const about = { recipients: ['ada'], cancelation_key: 'k' }
  const { workflow_run_id: id } = await belay.trigger('letter', about)
  const { workflow_run_id: other } = await belay.trigger('letter', { ...about, cancelation_key: 'other' })
  await until('both were sent, one at its second try', () => tries === 3, 120_000)
  const wakes = async () => (await belay.recipientRuns()).every(({ status }) => status === 'paused')
  await until('both sleep', wakes)
  await belay.post('/v1/workflows/letter/reschedule', { cancelation_key: 'k', delay_for: { unit: 'days', value: 2 } })
  await belay.cancel('letter', { cancelation_key: 'k' })

  const linesOf = (script: Script, of: string) =>
    script
      .output()
      .split('\n')
      .filter((line) => line.includes(of))
      .map((line) => JSON.parse(line) as { workflow_run_id?: string; msg: string })
      .filter((line) => line.workflow_run_id === of)
      .map(({ msg }) => msg)
  const tried = (of: string) => linesOf(worker, of).filter((msg) => msg.startsWith('a send'))
  await until('the worker has said so', () => tried(id).length + tried(other).length === 3)
  await until('the api has said so', () => linesOf(api, id).length >= 3)
  assert.deepEqual(linesOf(api, id), [
    'a trigger was accepted',
    'a trigger was moved, or asked to be',
    'a trigger was canceled, or asked to be',
  ])
  const walked = new Set(linesOf(worker, id))
  for (const msg of ['a step acted on the outside', 'recipient runs walked on', 'a send was tried'])
    assert.ok(walked.has(msg), msg)
  assert.equal([...tried(id), ...tried(other)].filter((msg) => msg === 'a send is tried again').length, 1)
  for (const script of [api, worker])
    assert.ok(!script.output().includes('secret text'), 'no content is ever in the log')
})
