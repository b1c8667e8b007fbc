import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recipientKey, recipientReference } from '../../store/ids/recipient.ts'

const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 256 }).filter((text) => !/[/#]/.test(text))
/** An object's id may hold anything. */
const objectId = fc.oneof(name, fc.constantFrom('#', '##', 'a#b', '/', 'a/b#c'))
const reference = fc.oneof(name, fc.record({ collection: name, id: objectId }, { noNullPrototype: true }))

test('a recipient key tells the user or object it was made of', () => {
  fc.assert(fc.property(reference, (who) => assert.deepEqual(recipientReference(recipientKey(who)), who)))
})

test('two recipients never share a key', () => {
  fc.assert(
    fc.property(reference, reference, (one, two) => {
      assert.equal(recipientKey(one) === recipientKey(two), JSON.stringify(one) === JSON.stringify(two))
    }),
  )
})
