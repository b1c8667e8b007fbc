import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'node:test'
import { compileTriggerSchema } from '../../definitions/trigger-schema.ts'

const compile = (given: unknown) => {
  const compiled = compileTriggerSchema(given)
  assert.ok(compiled !== null && 'schema' in compiled, JSON.stringify(compiled))
  return compiled.schema
}
const violations = (schema: unknown, data: unknown) =>
  compile(schema)
    .violations(data)
    .map(({ field, message, type }) => `${field} ${message} (${type})`)
const problem = (given: unknown) => {
  const compiled = compileTriggerSchema(given)
  assert.ok(compiled !== null && 'problem' in compiled)
  return compiled.problem
}

const order = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    url: { type: 'string', format: 'uri' },
    plan: { enum: ['free', 'pro'] },
    items: { type: 'array', items: { type: 'object', properties: { 'a b': { type: 'integer' } } } },
  },
  required: ['name'],
  additionalProperties: false,
}

test('data that fits has no violation, and absent data is an empty object', () => {
  assert.deepEqual(violations(order, { name: 'x', url: 'https://x.example/y', plan: 'pro' }), [])
  assert.deepEqual(violations({ type: 'object' }, undefined), [])
  assert.deepEqual(violations({ type: 'object' }, null), [])
})

test('every violation is told with its field', () => {
  assert.deepEqual(violations(order, { url: 'no', plan: 'x', items: [{}, { 'a b': 1.5 }], extra: 1 }).sort(), [
    'data.extra is not in the schema (additionalProperties)',
    'data.items[1]["a b"] must be of type integer (type)',
    'data.name is required (required)',
    'data.plan must be one of ["free","pro"] (enum)',
    'data.url must be in the format uri (format)',
  ])
})

test('draft-07, 2019-09 and 2020-12 are taken, and what a later draft alone has tells it apart', () => {
  const tuple = { type: 'object', properties: { t: { type: 'array', prefixItems: [{ type: 'string' }] } } }
  const old = { type: 'object', properties: { t: { type: 'array', items: [{ type: 'string' }] } } }
  const wrong = ['data.t[0] must be of type string (type)']
  assert.deepEqual(violations(tuple, { t: [1] }), wrong)
  assert.deepEqual(violations({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...tuple }, { t: [1] }), wrong)
  assert.deepEqual(violations(old, { t: [1] }), wrong)
  for (const $schema of ['http://json-schema.org/draft-07/schema#', 'https://json-schema.org/draft/2019-09/schema'])
    assert.deepEqual(violations({ $schema, ...old }, { t: [1] }), wrong)
  const definitions = {
    definitions: { n: { type: 'number' } },
    properties: { a: { $ref: '#/definitions/n' } },
    dependencies: { a: ['b'] },
  }
  assert.deepEqual(violations(definitions, { a: 'x' }).sort(), [
    'data.a must be of type number (type)',
    'data.b is required (required)',
  ])
})

test('absent, null and empty schemas are none', () => {
  for (const given of [undefined, null, {}]) assert.equal(compileTriggerSchema(given), null)
})

test('a schema that does not compile is refused with why', () => {
  assert.match(problem({ type: 'objekt' }), /^does not compile: .*type/)
  assert.match(problem({ properties: { a: { $ref: '#/definitions/gone' } } }), /can't resolve reference/)
  assert.match(problem({ properties: { a: { $ref: 'https://x.example/schema.json' } } }), /can't resolve reference/)
  assert.match(problem({ properties: { a: { pattern: '(' } } }), /does not compile/)
  assert.match(
    problem({ $schema: 'http://json-schema.org/draft-04/schema#', type: 'object' }),
    /\$schema Belay does not know/,
  )
  assert.match(problem({ $async: true, type: 'object' }), /asynchronous/)
  assert.match(problem([]), /must be a JSON schema, as an object/)
  assert.match(problem('x'), /must be a JSON schema/)
  assert.match(problem({ description: 'x'.repeat(300_000) }), /longer than/)
  let deep: object = { type: 'string' }
  for (let level = 0; level < 20_000; level += 1) deep = { properties: { a: deep } }
  assert.match(problem(deep), /nested too deep/)
})

test('unknown keywords and formats are let through', () => {
  assert.deepEqual(violations({ type: 'object', 'x-note': 1, properties: { a: { format: 'rune' } } }, { a: 'x' }), [])
})

test('at most 100 violations are told, and data of very many values is told its first', () => {
  const list = { properties: { list: { type: 'array', items: { type: 'string' } } } }
  const numbers = (length: number) => ({ list: Array.from({ length }, (_, index) => index) })
  assert.equal(violations(list, numbers(1_000)).length, 100)
  assert.deepEqual(violations(list, numbers(50_000)), ['data.list[0] must be of type string (type)'])
})

test('patterns take linear time, whatever the data, and mean what they mean in JavaScript', () => {
  const a = (pattern: string) => ({ properties: { a: { type: 'string', pattern } } })
  const started = performance.now()
  for (const [pattern, piece] of [
    ['^(a+)+$', 'a'],
    ['\\s+$', ' '],
    ['^(\\w+\\s?)*$', 'a '],
    ['(x|xx)+y', 'x'],
    ['^.*a.*b.*c$', 'a'],
  ] as const)
    assert.match(violations(a(pattern), { a: `${piece.repeat(100_000)}!` }).join(), /^data\.a must match[^,]*$/)
  const names = { patternProperties: { '^(n+)+$': false }, additionalProperties: true }
  assert.deepEqual(violations(names, { [`${'n'.repeat(100_000)}!`]: 1 }), [])
  // Backtracking took minutes, and the limit of two seconds for each.
  assert.ok(performance.now() - started < 15_000)

  for (const [pattern, fits, not] of [
    ['^\\d{3}-[\\w.]+$', '123-a.b', '12-a'],
    ['^\\p{L}+$', 'Jörg', 'a1'],
    ['\\u00fc|\\x41', 'ü', 'u'],
    ['^(?<year>\\d{4})\\/(?:0[1-9]|1[0-2])$', '2030/12', '2030/13'],
    ['^[^]{2}$', 'a\n', 'a'],
    ['^a.b$', 'a-b', 'a\nb'],
    ['(?<=€)5', '€5', '$5'],
  ] as const) {
    assert.deepEqual(violations(a(pattern), { a: fits }), [], pattern)
    assert.equal(violations(a(pattern), { a: not }).length, 1, pattern)
  }
})

test('a pattern that only backtracking could match is refused, with what to do', () => {
  for (const pattern of ['^(?=.*[0-9]).{8,}$', '^(.)\\1$', '^(?!admin)'])
    assert.match(
      problem({ properties: { a: { pattern } } }),
      /the pattern ".*" cannot be matched in linear time \(.*\); write it without/,
    )
})

test('a check that would take for ever is cut off, and the next one works', () => {
  const schema = { properties: { a: { type: 'array', uniqueItems: true } } }
  const a = Array.from({ length: 80_000 }, (_, n) => ({ n }))
  const started = Date.now()
  assert.match(violations(schema, { a }).join(), /^data took too long to check/)
  assert.ok(Date.now() - started < 60_000)
  assert.deepEqual(violations(schema, { a: [1, 2] }), [])
  assert.deepEqual(violations(schema, { a: [1, 1] }).length, 1)
})

test('schemas of the same content are compiled once, whatever the order of their keys', () => {
  const one = compileTriggerSchema({ type: 'object', required: ['same'] })
  assert.equal(compileTriggerSchema({ required: ['same'], type: 'object' }), one)
})

test('whatever data it is given, a check ends with a list', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (data) => {
      const found = compile(order).violations(data)
      for (const { field } of found) assert.match(field, /^data/)
    }),
  )
  let deep: unknown = 1
  for (let level = 0; level < 20_000; level += 1) deep = { deep }
  const recursive = { type: 'object', properties: { deep: { $ref: '#' } } }
  assert.match(violations(recursive, deep).join(), /^data /)
})
