import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { answersFile } from '../../rehearsal/fetches.ts'
import { fieldName } from '../../json/field-name.ts'
import { zodErrorMap } from '../../settings/zod-error-map.ts'

const told = (schema: z.ZodType, given: unknown) =>
  schema
    .safeParse(given, { error: zodErrorMap })
    .error?.issues.map(({ path, message }) => `${fieldName(path)}: ${message}`)

test('a union of a list and a text says what it takes, and of a list what is wrong within', () => {
  const schema = z.object({ pairs: z.union([z.array(z.object({ value: z.string() })), z.string()]) })
  assert.deepEqual(told(schema, { pairs: 5 }), ['pairs: must be a list or a text'])
  assert.deepEqual(told(schema, { pairs: [{ value: 'x' }, { value: null }] }), ['pairs: [1].value must be a text'])
  assert.deepEqual(told(schema, { pairs: [5] }), ['pairs: [0] must be an object'])
  assert.deepEqual(told(schema, {}), ['pairs: is required'])
})

test('an answer of a rehearsal’s fetch is told where it is wrong, alone or in a list', () => {
  assert.deepEqual(told(answersFile, { fetch_1: { status: 'x' } }), ['fetch_1.status: must be a number'])
  assert.deepEqual(told(answersFile, { fetch_1: [{ status: 200 }, { status: 7 }] }), [
    'fetch_1[1].status: must be at least 100',
  ])
  assert.deepEqual(told(answersFile, { fetch_1: 7 }), ['fetch_1: must be an object or a list'])
})
