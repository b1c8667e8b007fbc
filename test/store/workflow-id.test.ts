import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cutToBytes, readWorkflowId, workflowIdOf } from '../../store/ids/workflow-id.ts'

const definitionKey = fc.stringMatching(/^[a-z0-9_-]{3,255}$/)
/** Any key a caller may give, with the characters an ID gives a meaning to more often than chance would. */
const character = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  fc.constantFrom('%', '~', '/', '#', '%25', ' ', '\u0085', '\t'),
)
const keyOf = (maxLength: number) =>
  fc.array(character, { minLength: 1, maxLength, size: 'max' }).map((characters) => characters.join(''))
const key = fc.oneof(keyOf(10), keyOf(240), keyOf(1_000))
const uuid = fc.uuid({ version: 4 })
const pending = fc.oneof(
  fc.record({ cancelationKey: key }, { noNullPrototype: true }),
  fc.record({ workflowRunId: uuid }, { noNullPrototype: true }),
)

test('a workflow ID has at most 255 bytes, and no character that does not print', () => {
  fc.assert(
    fc.property(definitionKey, pending, (definition, which) => {
      const id = workflowIdOf(definition, which)
      assert.ok(Buffer.byteLength(id) <= 255)
      // eslint-disable-next-line no-control-regex
      assert.doesNotMatch(id, /[\u0000-\u001f\u007f-\u009f]/u)
      assert.doesNotMatch(id, /\p{Surrogate}/u)
    }),
  )
})

test('what a workflow ID says is what it was made of, unless it was cut', () => {
  fc.assert(
    fc.property(definitionKey, pending, (definition, which) => {
      const id = workflowIdOf(definition, which)
      const read = readWorkflowId(id)
      // Cut at a character, so a few bytes short of 255.
      if (read === null) assert.ok(Buffer.byteLength(id) > 250)
      else assert.deepEqual(read, { definitionKey: definition, cancelationKey: null, workflowRunId: null, ...which })
    }),
  )
  const short = fc.string({ minLength: 1, maxLength: 20, unit: 'binary' })
  fc.assert(
    fc.property(short, (cancelationKey) => {
      assert.equal(readWorkflowId(workflowIdOf('invite', { cancelationKey }))?.cancelationKey, cancelationKey)
    }),
  )
})

test('two definitions or keys never share a workflow ID', () => {
  fc.assert(
    fc.property(definitionKey, pending, definitionKey, pending, (definition, which, other, another) => {
      const same = definition === other && JSON.stringify(which) === JSON.stringify(another)
      assert.equal(workflowIdOf(definition, which) === workflowIdOf(other, another), same)
    }),
  )
  // Neighbours: one key is the other with a character changed, added, escaped or moved.
  const edits = [
    (text: string) => `${text} `,
    (text: string) => text.slice(0, -1),
    (text: string) => text.normalize('NFD'),
    (text: string) => text.toUpperCase(),
    (text: string) => encodeURIComponent(text),
    (text: string) => text.replaceAll('~', '%7E'),
    (text: string) => text.replaceAll('%7E', '~'),
    (text: string) => workflowIdOf('invite', { cancelationKey: text }).slice('invite/'.length),
  ]
  fc.assert(
    fc.property(key, fc.constantFrom(...edits), (one, edit) => {
      const two = edit(one)
      fc.pre(two !== one && two !== '')
      assert.notEqual(workflowIdOf('invite', { cancelationKey: one }), workflowIdOf('invite', { cancelationKey: two }))
    }),
  )
})

test('an ID that was cut, or is not one of ours, says nothing', () => {
  assert.equal(readWorkflowId(workflowIdOf('invite', { cancelationKey: 'k'.repeat(300) })), null)
  assert.equal(readWorkflowId(workflowIdOf('d'.repeat(255), { workflowRunId: 'x' })), null)
  for (const id of ['', 'belay-housekeeping', '/key', '#']) assert.equal(readWorkflowId(id), null)
})

test('a text is cut between characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(300), (text, max) => {
      const cut = cutToBytes(text, max)
      assert.ok(Buffer.byteLength(cut) <= max)
      assert.ok(text.startsWith(cut))
      const next = Array.from(text.slice(cut.length))[0]
      assert.ok(next === undefined || Buffer.byteLength(cut + next) > max)
    }),
  )
})
