import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kind } from '../../testing/chaos/definitions.ts'
import { judge } from '../../testing/chaos/judge.ts'
import type { Message } from '../../testing/product/belay.ts'

const opensAt = new Date(60_000)

/** One person of one trigger, who has messages of these steps that arrived at an instant, with a text. */
function found(kind: Kind, steps: string[], { at = 90_000, body = '', note = 'n-0' } = {}) {
  const answer = { body: { workflow_run_id: 'run' }, askedAt: 0, answeredAt: 1 }
  const life = { kind, people: ['ada'], vip: false, sleep: 1, cancels: [], moved: false, paid: undefined }
  const messages = steps.map((step_ref, id) => ({
    id: `${id}`,
    status: 'delivered',
    recipient: 'ada',
    source: { key: kind, step_ref, workflow_run_id: 'run' },
  }))
  const { lost, untrue, early } = judge({
    lives: [{ ...life, triggers: [{ n: 'n-0', answer }] }],
    messages: messages as unknown as Message[],
    arrived: new Map(messages.map(({ id }) => [id, { at: [at], body }])),
    spells: [],
    opensAt,
    notes: new Map([['n-0', note]]),
  })
  return [lost.length, untrue.length, early.length]
}

test('of who is throttled one run passes, no more and no fewer', () => {
  assert.deepEqual(found('throttle', ['before', 'passed']), [0, 0, 0])
  assert.deepEqual(found('throttle', ['before']), [2, 0, 0])
  assert.deepEqual(found('throttle', ['before', 'passed', 'passed']), [0, 2, 0])
})

test('an update that is not shown, or that the object does not have, is untrue', () => {
  const body = 'n-0 n-0 n-0 n-0'
  assert.deepEqual(found('update', ['updated'], { body }), [0, 0, 0])
  assert.deepEqual(found('update', ['updated'], { body: 'n-0 n-0 n-0 ' }), [0, 1, 0])
  assert.deepEqual(found('update', ['updated'], { body, note: 'another' }), [0, 1, 0])
})

test('a message before its send window opens is early', () => {
  assert.deepEqual(found('window', ['open', 'soon']), [0, 0, 0])
  assert.deepEqual(found('window', ['open', 'soon'], { at: 59_000 }), [0, 0, 1])
})
