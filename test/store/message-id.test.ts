import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyOfMessageId, messageId } from '../../store/ids/message-id.ts'

const recipientRunId = fc.integer({ min: 131_072, max: Number.MAX_SAFE_INTEGER })
const key = fc.record({ recipientRunId, number: fc.nat(2_047) }, { noNullPrototype: true })
const trigger = fc.record({
  workflowRunId: fc.uuid({ version: 4 }),
  acceptedAt: fc.date({ min: new Date('2024-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
})

test('a message id has 27 base62 digits and tells where the message lies', () => {
  fc.assert(
    fc.property(trigger, key, (of, where) => {
      const id = messageId(of, where)
      assert.match(id, /^[0-9A-Za-z]{27}$/)
      assert.deepEqual(keyOfMessageId(id), where)
    }),
  )
})

test('a message id is the base62 of its seconds, the first half of its trigger’s UUID, its row and its number', () => {
  fc.assert(
    fc.property(trigger, key, (of, { recipientRunId: row, number }) => {
      let left = BigInt(Math.floor(of.acceptedAt.getTime() / 1_000) - 1_400_000_000) << 128n
      left |= BigInt(`0x${of.workflowRunId.replaceAll('-', '').slice(0, 16)}`) << 64n
      left |= (BigInt(row) << 11n) | BigInt(number)
      let digits = ''
      for (; digits.length < 27; left /= 62n) {
        digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'[Number(left % 62n)]! + digits
      }
      assert.equal(messageId(of, { recipientRunId: row, number }), digits)
    }),
  )
})

test('two messages never share an id', () => {
  fc.assert(
    fc.property(trigger, key, key, (of, one, two) => {
      const same = one.recipientRunId === two.recipientRunId && one.number === two.number
      assert.equal(messageId(of, one) === messageId(of, two), same)
    }),
  )
})

test('ids sort by the second their triggers were accepted in', () => {
  fc.assert(
    fc.property(trigger, key, trigger, key, (one, oneKey, two, twoKey) => {
      const seconds = (of: typeof one) => Math.floor(of.acceptedAt.getTime() / 1_000)
      fc.pre(seconds(one) < seconds(two))
      assert.ok(messageId(one, oneKey) < messageId(two, twoKey))
    }),
  )
})

test('a text that is no message id has no place', () => {
  for (const text of ['', 'x'.repeat(26), 'x'.repeat(28), `${'x'.repeat(26)}!`, 'é'.repeat(27)]) {
    assert.equal(keyOfMessageId(text), null)
  }
  // Of the right form: the caller compares the id of the row found.
  assert.ok(Number.isSafeInteger(keyOfMessageId('z'.repeat(27))!.recipientRunId))
})
