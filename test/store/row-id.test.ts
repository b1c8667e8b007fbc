import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validate } from 'uuid'
import { recipientRunUuid, rowId, rowOfUuid, rowsOf, triggerIdOf } from '../../store/ids/row-id.ts'

const trigger = fc.integer({ min: 1, max: Math.floor(Number.MAX_SAFE_INTEGER / 131_072) - 2 })
const place = fc.integer({ min: 0, max: 9_999 })
const workflowRunId = fc.uuid({ version: 4 })

test('a row id tells its trigger, lies among its rows and is safe as a number', () => {
  fc.assert(
    fc.property(trigger, place, (triggerId, at) => {
      const row = rowId(triggerId, at)
      const [first, last] = rowsOf(triggerId)
      assert.equal(triggerIdOf(row), triggerId)
      assert.ok(first <= row && row <= last && last < rowsOf(triggerId + 1)[0])
      assert.ok(Number.isSafeInteger(row))
    }),
  )
})

test('two places never share a row id', () => {
  fc.assert(
    fc.property(trigger, place, trigger, place, (trigger1, place1, trigger2, place2) => {
      const same = trigger1 === trigger2 && place1 === place2
      assert.equal(rowId(trigger1, place1) === rowId(trigger2, place2), same)
    }),
  )
})

test('a recipient run’s UUID is a valid one of version 8, begins like its trigger’s, and tells the row', () => {
  fc.assert(
    fc.property(workflowRunId, trigger, place, (runId, triggerId, at) => {
      const row = rowId(triggerId, at)
      const uuid = recipientRunUuid(runId, row)
      assert.ok(validate(uuid))
      assert.equal(uuid[14], '8')
      assert.equal(uuid.slice(0, 14), runId.slice(0, 14))
      assert.equal(rowOfUuid(uuid), row)
      assert.equal(rowOfUuid(uuid.toUpperCase()), row)
    }),
  )
})

test('a text that is no such UUID has no row', () => {
  for (const text of ['', 'x', '0b5c7f3e-4a55-4c39-9a0f-6f1f0d1f6a11', '0b5c7f3e-4a55-8c39-9aff-ffffffffffff']) {
    assert.equal(rowOfUuid(text), null)
  }
  fc.assert(fc.property(fc.string(), (text) => assert.equal(rowOfUuid(text), null)))
})
