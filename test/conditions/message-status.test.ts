import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'node:test'
import { compileConditions } from '../../conditions/compile.ts'
import { engagements, type DeliveryStatus, type Engagement } from '../../conditions/conditions.ts'
import { evaluateConditions } from '../../conditions/evaluate.ts'
import type { MessageState, StepState } from '../../conditions/message-status.ts'

const message = (delivery: DeliveryStatus, ...reached: Engagement[]): MessageState => ({
  delivery,
  engagements: reached,
})
const made = (...messages: MessageState[]): StepState => ({ messages })
const skipped: StepState = { skipped: true }

function ask(step: StepState | undefined, path: string, operator: string, argument?: string): boolean {
  const { conditions, problems } = compileConditions([{ variable: `refs.s.${path}`, operator, argument }], {
    place: 'step',
  })
  assert.deepEqual(problems, [])
  return evaluateConditions(conditions, { refs: step === undefined ? {} : { s: step } }, { now: 0 }).result
}

test('the older path compares delivery and engagement in one order', () => {
  const unseen = (step: StepState) => ask(step, 'status', 'less_than', '$message.seen')
  assert.equal(unseen(made(message('delivered'))), true)
  assert.equal(unseen(made(message('sent'))), true)
  assert.equal(unseen(made(message('bounced'))), true)
  assert.equal(unseen(made(message('delivered', 'seen'))), false)
  assert.equal(unseen(made(message('delivered', 'read'))), false)
  assert.equal(unseen(made(message('delivered', 'archived'))), false)
  assert.equal(ask(made(message('not_sent')), 'status', 'greater_than', '$message.queued'), true)
  assert.equal(ask(made(message('not_sent')), 'status', 'less_than', '$message.sent'), true)
  assert.equal(ask(made(message('delivered', 'link_clicked')), 'status', 'equal_to', '$message.interacted'), true)
  assert.equal(ask(made(message('undelivered')), 'status', 'less_than', '$message.bounced'), true)
})

test('the newer delivery path looks at delivery alone', () => {
  const step = made(message('sent', 'read'))
  assert.equal(ask(step, 'delivery_status', 'equal_to', '$message.sent'), true)
  assert.equal(ask(step, 'delivery_status', 'greater_than_or_equal_to', '$message.delivered'), false)
  assert.equal(ask(step, 'delivery_status', 'less_than', '$message.delivered'), true)
  assert.equal(ask(made(message('bounced')), 'delivery_status', 'equal_to', '$message.bounced'), true)
  assert.equal(ask(made(message('undelivered')), 'delivery_status', 'equal_to', '$message.undelivered'), true)
})

test('the newer engagement path asks for what is in the set', () => {
  const has = (step: StepState, name: string) => ask(step, 'engagement_status', 'contains', `$message.${name}`)
  const seen = made(message('delivered', 'seen'))
  const read = made(message('delivered', 'seen', 'read'))
  assert.equal(has(seen, 'seen'), true)
  assert.equal(has(seen, 'seen_not_read'), true)
  assert.equal(has(read, 'seen_not_read'), false)
  assert.equal(has(read, 'read_not_link_clicked'), true)
  assert.equal(has(made(message('sent', 'read', 'link_clicked')), 'read_not_link_clicked'), false)
  assert.equal(has(made(message('sent', 'read')), 'seen'), true)
  assert.equal(has(seen, 'archived'), false)
  assert.equal(ask(seen, 'engagement_status', 'not_contains', '$message.read'), true)
  assert.equal(ask(read, 'engagement_status', 'contains_all', '["$message.seen","$message.read"]'), true)
  assert.equal(ask(seen, 'engagement_status', 'contains_all', '["$message.seen","$message.read"]'), false)
})

test('a skipped step is below every status, has no engagement, and can be asked for', () => {
  assert.equal(ask(skipped, 'status', 'less_than', '$message.seen'), true)
  assert.equal(ask(skipped, 'delivery_status', 'less_than', '$message.sent'), true)
  assert.equal(ask(skipped, 'delivery_status', 'equal_to', '$message.skipped'), true)
  assert.equal(ask(skipped, 'delivery_status', 'not_equal_to', '$message.skipped'), false)
  assert.equal(ask(skipped, 'status', 'greater_than_or_equal_to', '$message.undelivered'), false)
  assert.equal(ask(skipped, 'engagement_status', 'not_contains', '$message.seen'), true)
  assert.equal(ask(skipped, 'delivery_status', 'exists'), false)
  assert.equal(ask(made(message('sent')), 'delivery_status', 'exists'), true)
})

test('a step the run has not come by is not skipped, and below every status', () => {
  assert.equal(ask(undefined, 'delivery_status', 'equal_to', '$message.skipped'), false)
  assert.equal(ask(undefined, 'delivery_status', 'not_equal_to', '$message.skipped'), true)
  assert.equal(ask(undefined, 'status', 'less_than', '$message.seen'), true)
  assert.equal(ask(undefined, 'engagement_status', 'empty'), true)
})

test('of several messages of one step the highest counts', () => {
  const step = made(message('delivered'), message('sent', 'seen', 'read'), message('bounced'))
  assert.equal(ask(step, 'status', 'less_than', '$message.read'), false)
  assert.equal(ask(step, 'delivery_status', 'equal_to', '$message.sent'), true)
  assert.equal(ask(step, 'engagement_status', 'contains', '$message.read'), true)
})

test('the explanation shows the status a step had', () => {
  const { conditions } = compileConditions(
    [{ variable: 'refs.s.status', operator: 'less_than', argument: '$message.seen' }],
    {
      place: 'step',
    },
  )
  const { explanation } = evaluateConditions(
    conditions,
    { refs: { s: made(message('delivered', 'seen')) } },
    { now: 0 },
  )
  assert.deepEqual(explanation?.conditions, [
    {
      variable: 'refs.s.status',
      operator: 'less_than',
      argument: '$message.seen',
      value: 'seen',
      compared_with: '$message.seen',
      result: false,
    },
  ])
})

test('for every step exactly one of less than, equal and greater holds, and each negation is the complement', () => {
  const deliveries: DeliveryStatus[] = [
    'undelivered',
    'bounced',
    'delivery_attempted',
    'queued',
    'not_sent',
    'sent',
    'delivered',
  ]
  const anyMessage = fc.record({ delivery: fc.constantFrom(...deliveries), engagements: fc.subarray([...engagements]) })
  const anyStep = fc.oneof(
    fc.constant(undefined),
    fc.constant(skipped),
    fc.array(anyMessage, { maxLength: 4 }).map((messages): StepState => ({ messages })),
  )
  const status = fc.constantFrom(...deliveries, ...engagements).map((name) => `$message.${name}`)
  fc.assert(
    fc.property(anyStep, fc.constantFrom('status', 'delivery_status'), status, (step, path, argument) => {
      const [less, equal, more] = ['less_than', 'equal_to', 'greater_than'].map((name) =>
        ask(step, path, name, argument),
      )
      assert.equal([less, equal, more].filter(Boolean).length, 1)
      assert.equal(ask(step, path, 'not_equal_to', argument), !equal)
      assert.equal(ask(step, path, 'greater_than_or_equal_to', argument), !less)
      assert.equal(ask(step, path, 'less_than_or_equal_to', argument), !more)
    }),
  )
  const engagement = fc.constantFrom(...engagements).map((name) => `$message.${name}`)
  fc.assert(
    fc.property(anyStep, engagement, (step, argument) => {
      assert.notEqual(
        ask(step, 'engagement_status', 'contains', argument),
        ask(step, 'engagement_status', 'not_contains', argument),
      )
    }),
  )
})
