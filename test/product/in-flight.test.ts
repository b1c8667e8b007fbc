import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { toldRun } from '../../testing/fixtures/told-run.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { startProduct } from '../../testing/product/product.ts'
import { feedStep, httpStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import type { RunView } from '../../workflows/run-view.ts'

/** More than a channel sends at once. */
const PEOPLE = Array.from({ length: 60 }, (_, i) => `user-${i}`)
const AT_ONCE = 20

test('a cancel that meets sends under way', async (t) => {
  const held: ServerResponse[] = []
  const slow = await httpReceiver((response) => held.push(response))
  const busy = await httpReceiver((response) => {
    response.statusCode = 503
    response.end()
  })
  t.after(() => Promise.all([slow.close(), busy.close()]))
  const hook = (url: string) => httpStep('hook', url, '{{ recipient.id }}')
  const { belay, temporal } = await startProduct(t, {
    notifications: notificationsFolder({
      'last/workflow.json': workflow(hook(slow.url)),
      'more/workflow.json': workflow(hook(slow.url), feedStep('after')),
      'busy/workflow.json': workflow(hook(busy.url), feedStep('after')),
    }),
    store: 'postgres',
    env: { BELAY_HTTP_ALLOW_PRIVATE: 'true' },
  })

  /** Cancels for everyone while the provider has so many requests and answers none; then it answers. */
  async function cancelUnderWay(definition: string) {
    slow.requests.length = 0
    await belay.trigger(definition, { recipients: PEOPLE, cancelation_key: 'key' })
    await until('as many sends as there can be', () => slow.requests.length >= AT_ONCE)
    const verdict = await belay.cancel(definition, { cancelation_key: 'key' })
    const received = slow.requests.map(({ body }) => body)
    const run = await toldRun(temporal, `${definition}/key`)
    await until('the run is told', async () => (await run.query<RunView>('state')).canceled > 0)
    for (const response of held.splice(0)) response.end()
    const counts: unknown = await run.result()
    // The run is over: nobody else is sent to.
    assert.deepEqual(
      slow.requests.map(({ body }) => body),
      received,
    )
    assert.equal(received.length, AT_ONCE)
    const inFlight = verdict.recipients.filter(({ runs }) => runs[0]!.in_flight.length === 1).map(({ id }) => id)
    assert.deepEqual(inFlight.sort(), received.sort())
    return { verdict, counts, inFlight }
  }

  await t.test(
    'at the last step only those really claimed are sending, and the rest of the chunk is canceled',
    async () => {
      const { verdict, counts, inFlight } = await cancelUnderWay('last')
      assert.deepEqual([verdict.summary.sending, verdict.summary.canceled], [AT_ONCE, PEOPLE.length - AT_ONCE])
      for (const { id, outcome } of verdict.recipients)
        assert.equal(outcome, inFlight.includes(id) ? 'sending' : 'canceled')
      assert.deepEqual(counts, { sent: AT_ONCE, canceled: PEOPLE.length - AT_ONCE, skipped: 0, failed: 0 })
      const takenBack = verdict.recipients.filter(({ runs }) => runs[0]!.taken_back.length === 1)
      assert.equal(takenBack.length, PEOPLE.length - AT_ONCE)
      const again = await belay.cancel('last', { cancelation_key: 'key' })
      assert.equal(again.summary.already_canceled, PEOPLE.length)
    },
  )

  await t.test(
    'the walk goes on past a slow provider: what it has is in flight, and the rest is taken back',
    async () => {
      const { verdict } = await cancelUnderWay('more')
      assert.deepEqual([verdict.summary.sending, verdict.summary.canceled], [AT_ONCE, PEOPLE.length - AT_ONCE])
      const messages = await belay.messages({ source: 'more' })
      const counted = (what: string) =>
        messages.filter(({ source, status }) => `${source.step_ref} ${status}` === what).length
      // Nobody's feed waited for the provider.
      assert.equal(counted('after delivered'), PEOPLE.length)
      assert.deepEqual([counted('hook delivered'), counted('hook not_sent')], [AT_ONCE, PEOPLE.length - AT_ONCE])
      const again = await belay.cancel('more', { cancelation_key: 'key' })
      assert.equal(again.summary.already_canceled, PEOPLE.length)
    },
  )

  await t.test('who waits for the next try of a failed send is canceled, and never tried again', async () => {
    await belay.trigger('busy', { recipients: ['ada', 'bob'], cancelation_key: 'key' })
    await until('both in a backoff', async () => {
      const hooks = (await belay.messages({ source: 'busy' })).filter(({ source }) => source.step_ref === 'hook')
      return hooks.length === 2 && hooks.every(({ status, reason }) => status === 'queued' && reason !== null)
    })
    const triedFor = (who: string) => busy.requests.filter(({ body }) => body === who).length
    assert.deepEqual([triedFor('ada'), triedFor('bob')], [1, 1])
    const verdict = await belay.cancel('busy', { cancelation_key: 'key', recipients: ['ada'] })
    const [ada] = verdict.recipients
    const [run] = ada!.runs
    assert.deepEqual([ada!.outcome, run!.in_flight.length, run!.messages.length], ['canceled', 0, 1])
    assert.equal(run!.taken_back.length, 1)
    // Bob's next try comes at once, ada's never: when bob's has come, nobody of this run is tried but bob.
    await belay.post('/v1/workflows/busy/send_now', { cancelation_key: 'key' })
    await until('bob again', () => triedFor('bob') === 2)
    const rest = await belay.cancel('busy', { cancelation_key: 'key' })
    assert.deepEqual([rest.summary.canceled, rest.summary.already_canceled], [1, 1])
    assert.deepEqual(await (await toldRun(temporal, 'busy/key')).result(), {
      sent: 2,
      canceled: 2,
      skipped: 0,
      failed: 0,
    })
    assert.equal(triedFor('ada'), 1)
    const messages = await belay.messages({ source: 'busy' })
    const message = messages.find(({ recipient, source }) => recipient === 'ada' && source.step_ref === 'hook')
    assert.deepEqual([message!.id, message!.status, message!.reason], [run!.taken_back[0], 'not_sent', 'canceled'])
    assert.deepEqual(messages.map(({ recipient, source }) => [recipient, source.step_ref]).sort(), [
      ['ada', 'after'],
      ['ada', 'hook'],
      ['bob', 'after'],
      ['bob', 'hook'],
    ])
  })
})
