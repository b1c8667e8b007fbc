import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { z } from 'zod'
import { knownFields } from '../../json/known-fields.ts'

const list = z.preprocess((given) => given, z.array(z.string()).min(1, 'must name one'))
const schema = knownFields({ to: list, note: list.optional() }, 'is not known')

describe('an object of known fields', () => {
  test('a field that may be absent and is empty is absent', () => {
    for (const note of [[], {}, '', null]) {
      assert.equal(schema.parse({ to: ['ada'], note }).note, undefined)
    }
  })

  test('a field that must be there and is empty is refused by its own rule', () => {
    const problems = schema.safeParse({ to: [], note: ['x'] }).error?.issues
    assert.deepEqual(
      problems?.map(({ path, message }) => [path, message]),
      [[['to'], 'must name one']],
    )
  })

  test('a field that is not known and says something is refused at its name', () => {
    assert.deepEqual(
      schema.safeParse({ to: ['ada'], other: 1 }).error?.issues.map(({ path }) => path),
      [['other']],
    )
    assert.ok(schema.safeParse({ to: ['ada'], other: {} }).success)
  })
})
