import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'node:test'
import { compileConditions } from '../../conditions/compile.ts'
import { operators, withoutArgument, type ConditionGroup, type Operator } from '../../conditions/conditions.ts'
import { evaluateConditions, type ConditionScope, type EvaluationOptions } from '../../conditions/evaluate.ts'

const now = Date.parse('2030-06-15T12:00:00Z')
const compile = (given: unknown): ConditionGroup => {
  const { conditions, problems } = compileConditions(given, { place: 'step' })
  assert.deepEqual(problems, [])
  return conditions!
}
const evaluate = (given: unknown, scope: ConditionScope, options: Partial<EvaluationOptions> = {}) =>
  evaluateConditions(compile(given), scope, { now, ...options })

/** Whether `data.v` of this value answers the operator with the argument. */
const holds = (value: unknown, operator: Operator, argument?: unknown, more: object = {}) =>
  evaluate(
    { all: [{ variable: 'data.v', operator, ...(argument !== undefined && { argument }) }] },
    { data: { ...(value !== undefined && { v: value }), ...more } },
  ).result

function table(operator: Operator, cases: [value: unknown, argument: unknown, expected: boolean][]): void {
  for (const [value, argument, expected] of cases)
    assert.equal(
      holds(value, operator, argument),
      expected,
      `${JSON.stringify(value)} ${operator} ${JSON.stringify(argument)}`,
    )
}

test('equal_to takes a static argument as JSON or as the text it is', () => {
  table('equal_to', [
    [true, 'true', true],
    ['true', 'true', true],
    [5, '5', true],
    ['5', '5', true],
    [5, 5, true],
    ['5', 5, false],
    [null, 'null', true],
    [null, null, true],
    ['a', 'a', true],
    ['a', 'b', false],
    [['a', 'b'], '["a","b"]', true],
    [['b', 'a'], '["a","b"]', false],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [1, 'true', false],
  ])
})

test('a missing value is an empty text, and not null', () => {
  table('equal_to', [
    [undefined, '', true],
    [undefined, 'null', false],
    [undefined, 'false', false],
  ])
  assert.equal(holds(undefined, 'equal_to', 'data.also_missing'), true)
  assert.equal(holds(undefined, 'not_equal_to', 'x'), true)
  assert.equal(holds(undefined, 'empty'), true)
  assert.equal(holds(undefined, 'exists'), false)
  assert.equal(holds(undefined, 'greater_than', 5), false)
  assert.equal(holds(undefined, 'less_than', 5), false)
})

test('the four orders compare numbers, texts that are numbers, instants and other texts', () => {
  table('greater_than', [
    [10, '9', true],
    ['10', '9', true],
    [10, 10, false],
    ['b', 'a', true],
    ['2030-01-01T02:00:00+02:00', '2029-12-31T23:59:59Z', true],
    [true, 'false', false],
    ['abc', 5, false],
    [null, 0, false],
    [[1], 0, false],
  ])
  table('greater_than_or_equal_to', [
    [10, 10, true],
    [9.5, 10, false],
    ['2030-01-01T02:00:00+02:00', '2030-01-01T00:00:00Z', true],
  ])
  table('less_than', [
    [1, 2, true],
    ['9', '10', true],
    ['a', 'b', true],
    [2, 2, false],
  ])
  table('less_than_or_equal_to', [
    [2, 2, true],
    [3, 2, false],
  ])
})

test('contains looks for a part of a text, an entry of a list, or one that two lists share', () => {
  table('contains', [
    ['hello world', 'lo wo', true],
    ['hello', 'x', false],
    [['email', 'sms'], 'sms', true],
    [['email'], 'sms', false],
    [['a', 'b'], '["b","c"]', true],
    [['a'], '["b","c"]', false],
    [[5], '5', true],
    [['5'], '5', true],
    ['room 5', '5', true],
    [[{ a: 1 }], { a: 1 }, true],
    [5, '5', false],
    ['abc', '', false],
    [[''], '', true],
    [undefined, 'x', false],
  ])
  assert.equal(holds(['created', 'closed'], 'contains', 'data.event', { event: 'closed' }), true)
  assert.equal(holds(['created', 'closed'], 'contains', 'data.event'), false)
})

test('contains_all wants every entry', () => {
  table('contains_all', [
    [['admin', 'editor', 'x'], '["admin","editor"]', true],
    [['admin'], '["admin","editor"]', false],
    [['admin'], 'admin', true],
    ['admin and editor', '["admin","editor"]', true],
    [undefined, '["a"]', false],
  ])
})

test('empty is "", null, [] and missing; existing is set and not null', () => {
  for (const value of ['', null, [], undefined]) assert.equal(holds(value, 'empty'), true)
  for (const value of [0, false, ' ', {}, [null]]) assert.equal(holds(value, 'empty'), false)
  for (const value of ['', [], 0, false, {}]) assert.equal(holds(value, 'exists'), true)
  for (const value of [null, undefined]) assert.equal(holds(value, 'exists'), false)
})

test('is_between takes both ends, from a list or from a path to one', () => {
  table('is_between', [
    [1, '[1, 5]', true],
    [5, '[1, 5]', true],
    ['3', '[1, 5]', true],
    [0.9, '[1, 5]', false],
    [undefined, '[1, 5]', false],
    ['c', '["b", "d"]', true],
  ])
  assert.equal(holds(3, 'is_between', 'data.limits', { limits: [1, 5] }), true)
  assert.equal(holds(3, 'is_between', 'data.limits', { limits: 7 }), false)
  assert.equal(holds(3, 'is_between', '["data.low", "data.high"]', { low: 2, high: 4 }), true)
})

test('timestamps compare by instant; what is none is false', () => {
  const noon = '2030-06-15T12:00:00Z'
  for (const value of [noon, '2030-06-15T14:00+02:00']) assert.equal(holds(value, 'is_timestamp'), true)
  for (const value of ['2030-06-15', '12:00', 5, null, undefined, [noon]]) {
    assert.equal(holds(value, 'is_timestamp'), false, JSON.stringify(value))
    assert.equal(holds(value, 'is_not_timestamp'), true)
    assert.equal(holds(value, 'is_timestamp_before', noon), false)
    assert.equal(holds(value, 'is_timestamp_on_or_after', noon), false)
    assert.equal(holds(value, 'is_timestamp_before_now'), false)
    assert.equal(holds(value, 'is_timestamp_on_or_after_now'), false)
  }
  table('is_timestamp_before', [
    ['2030-06-15T11:59:59.999Z', noon, true],
    [noon, noon, false],
    ['2030-06-15T13:00:00+02:00', noon, true],
  ])
  table('is_timestamp_on_or_after', [
    [noon, noon, true],
    ['2030-06-15T11:59:59Z', noon, false],
  ])
  table('is_timestamp_after', [
    [noon, noon, false],
    ['2030-06-15T12:00:00.001Z', noon, true],
  ])
  table('is_timestamp_between', [
    [noon, `["${noon}", "2030-06-16T00:00:00Z"]`, true],
    ['2030-06-16T00:00:00Z', `["${noon}", "2030-06-16T00:00:00Z"]`, false],
  ])
  assert.equal(holds(noon, 'is_timestamp_on_or_after_now'), true)
  assert.equal(holds('2030-06-15T11:59:59.999Z', 'is_timestamp_before_now'), true)
})

test('a relative timestamp counts from now in days of 24 hours', () => {
  const week = '{"value": 7, "unit": "days", "modifier": "from_now"}'
  table('is_timestamp_before', [
    ['2030-06-22T11:59:59Z', week, true],
    ['2030-06-22T12:00:00Z', week, false],
  ])
  table('is_timestamp_on_or_after', [
    ['2030-06-14T12:00:00Z', { value: 1, unit: 'day', modifier: 'ago' }, true],
    ['2030-06-14T11:59:59Z', { value: 1, unit: 'day', modifier: 'ago' }, false],
  ])
  const later = { value: 1, unit: 'hours', modifier: 'from_now' }
  assert.equal(holds('2030-06-15T12:59:00Z', 'is_timestamp_before', 'data.limit', { limit: later }), true)
})

test('a Liquid argument is rendered when it is compared, and its failure is shown and false', () => {
  const given = { all: [{ variable: 'data.n', operator: 'equal_to', argument: '{{ data.m }}' }] }
  const render = () => ' 5 '
  assert.equal(evaluate(given, { data: { n: 5 } }, { render }).result, true)
  const failing = evaluate(
    given,
    { data: { n: 5 } },
    {
      render: () => {
        throw new Error('undefined filter')
      },
    },
  )
  assert.equal(failing.result, false)
  assert.match(JSON.stringify(failing.explanation), /could not be rendered: undefined filter/)
  assert.equal(evaluate(given, { data: { n: 5 } }).result, false)
})

test('variables reach every root, lists by index, own properties only', () => {
  const scope: ConditionScope = {
    data: { items: [{ name: 'first' }] },
    recipient: { plan: 'pro' },
    actor: null,
    tenant: { id: 'acme' },
    vars: { feature: true },
    workflow: { id: 'w', categories: ['marketing'] },
    run: { total_activities: 3 },
    refs: { wait_1: { output: { matched: true, signal_variables: { kind: 'x' } } } },
  }
  const all = [
    { variable: 'data.items[0].name', operator: 'equal_to', argument: 'first' },
    { variable: 'data.items.0.name', operator: 'equal_to', argument: 'first' },
    { variable: 'data.items.length', operator: 'not_exists' },
    { variable: 'data.constructor', operator: 'not_exists' },
    { variable: 'recipient.plan', operator: 'equal_to', argument: 'pro' },
    { variable: 'actor.name', operator: 'empty' },
    { variable: 'tenant', operator: 'exists' },
    { variable: 'vars.feature', operator: 'equal_to', argument: 'true' },
    { variable: 'workflow.categories', operator: 'contains', argument: 'marketing' },
    { variable: 'run.total_activities', operator: 'greater_than', argument: '1' },
    { variable: 'refs.wait_1.matched', operator: 'equal_to', argument: 'true' },
    { variable: 'refs.wait_1.signal_variables.kind', operator: 'equal_to', argument: 'x' },
    { variable: 'refs.other.matched', operator: 'not_exists' },
  ]
  const { result, explanation } = evaluate({ all }, scope)
  assert.equal(result, true, JSON.stringify(explanation, null, 1))
})

test('all wants every condition and any wants one, one within the other', () => {
  const yes = { variable: 'data.yes', operator: 'equal_to', argument: 'true' }
  const no = { variable: 'data.no', operator: 'equal_to', argument: 'true' }
  const result = (given: unknown) => evaluate(given, { data: { yes: true, no: false } }).result
  assert.equal(result({ all: [yes, no] }), false)
  assert.equal(result({ any: [yes, no] }), true)
  assert.equal(result({ any: [{ all: [yes, no] }, { all: [yes] }] }), true)
  assert.equal(result({ all: [{ any: [no, no] }, yes] }), false)
  assert.equal(evaluateConditions(null, {}, { now }).result, true)
})

test('the explanation says what was compared with what, of every condition', () => {
  const given = {
    any: [
      { variable: 'data.plan', operator: 'equal_to', argument: 'pro' },
      { all: [{ variable: 'recipient.name', operator: 'empty' }] },
    ],
  }
  assert.deepEqual(evaluate(given, { data: { plan: 'free' }, recipient: { name: 'Ada' } }).explanation, {
    match: 'any',
    result: false,
    conditions: [
      {
        variable: 'data.plan',
        operator: 'equal_to',
        argument: 'pro',
        value: 'free',
        compared_with: 'pro',
        result: false,
      },
      {
        match: 'all',
        result: false,
        conditions: [{ variable: 'recipient.name', operator: 'empty', value: 'Ada', result: false }],
      },
    ],
  })
})

test('the explanation is bounded: long values are cut and what does not fit is counted', () => {
  const all = Array.from({ length: 100 }, () => ({ variable: 'data.v', operator: 'contains', argument: 'data.w' }))
  const data = { v: ['x'.repeat(5_000), ...Array.from({ length: 5_000 }, (_, i) => i)], w: { deep: 'y'.repeat(5_000) } }
  const { explanation } = evaluate({ all }, { data })
  assert.ok(JSON.stringify(explanation).length < 12_000)
  assert.ok(explanation!.omitted! > 0)
  assert.equal(explanation!.conditions.length + explanation!.omitted!, 100)
})

test('secrets among the variables are compared and not shown', () => {
  const given = {
    all: [
      { variable: 'vars.key', operator: 'equal_to', argument: 'data.k' },
      { variable: 'data.k', operator: 'equal_to', argument: 'vars.key' },
      { variable: 'data.k', operator: 'equal_to', argument: '{{ vars.key }}' },
      // What reads them from elsewhere, or by a name that is computed.
      ...[
        '{% render "p" %}',
        "{{ 'k' | t }}",
        '{% t %}k{% endt %}',
        `{%${' '.repeat(20)}t %}k{% endt %}`,
        `{{ 'k' |${' '.repeat(20)}t }}`,
        "{{ data.list | group_by_exp: 'x', data.k }}",
        '{{ [1x].key }}',
        '{{ [data.k].key }}',
        "{{ data['k'] or[data.k].key }}",
      ].map((argument) => ({ variable: 'data.k', operator: 'equal_to', argument })),
      { variable: 'vars.open', operator: 'exists' },
    ],
  }
  const { result, explanation } = evaluate(
    given,
    { data: { k: 'x' }, vars: { key: 'hush-hush', open: 'seen' } },
    { secrets: new Set(['key']), render: () => 'hush-hush' },
  )
  assert.equal(result, false)
  assert.doesNotMatch(JSON.stringify(explanation), /hush/)
  assert.match(JSON.stringify(explanation), /"seen"/)
  const failing = evaluate(
    { all: [{ variable: 'data.k', operator: 'equal_to', argument: '{{ data.k | where_exp: "x", vars.key }}' }] },
    { data: { k: 'x' } },
    {
      secrets: new Set(['key']),
      render: () => {
        throw new Error('undefined filter: hush-hush')
      },
    },
  )
  assert.doesNotMatch(JSON.stringify(failing.explanation), /hush/)
  assert.match(JSON.stringify(failing.explanation), /"problem":"the argument could not be rendered"/)
  const shown = { variable: 'data.k', operator: 'equal_to', argument: "{{ data['k'] }} at {{ data.list[0] }}" }
  const plain = evaluate({ all: [shown] }, { data: { k: 'x' } }, { secrets: new Set(['key']), render: () => 'x at 1' })
  assert.match(JSON.stringify(plain.explanation), /"compared_with":"x at 1"/)
})

const argumentsFor = (operator: Operator) => {
  if (withoutArgument.has(operator)) return fc.constant(undefined)
  if (operator === 'is_between') return fc.constantFrom<unknown>('[1,5]', 'data.w')
  if (operator === 'is_timestamp_between') return fc.constant('data.w')
  if (operator.startsWith('is_timestamp')) return fc.constantFrom<unknown>('data.w', '2030-01-01T00:00:00Z')
  return fc.oneof(
    fc.constant<unknown>('data.w'),
    fc.string().filter((text) => text !== 'null'),
    fc.integer(),
    fc.array(fc.string()),
    fc.boolean(),
  )
}
const anyCase = fc
  .constantFrom(...operators)
  .chain((operator) => fc.tuple(fc.constant(operator), argumentsFor(operator), fc.jsonValue(), fc.jsonValue()))

test('no JSON makes an evaluation throw, and its explanation is JSON', () => {
  fc.assert(
    fc.property(anyCase, ([operator, argument, v, w]) => {
      const { conditions } = compileConditions([{ variable: 'data.v', operator, argument }], { place: 'step' })
      const { result, explanation } = evaluateConditions(
        conditions,
        { data: { v, w } },
        { now, render: (text) => text },
      )
      assert.equal(typeof result, 'boolean')
      assert.deepEqual(JSON.parse(JSON.stringify(explanation)), JSON.parse(JSON.stringify(explanation)))
      assert.ok(JSON.stringify(explanation).length < 12_000)
    }),
  )
  let deep: unknown = 1
  for (let level = 0; level < 5_000; level += 1) deep = [deep]
  assert.equal(holds(deep, 'equal_to', 'data.w', { w: deep }), true)
  assert.equal(holds([deep], 'contains', 'data.w', { w: 'x' }), false)
})

test('each negation is the complement of what it negates, for any JSON', () => {
  const pairs: [Operator, Operator][] = [
    ['equal_to', 'not_equal_to'],
    ['contains', 'not_contains'],
    ['contains_all', 'not_contains_all'],
    ['empty', 'not_empty'],
    ['exists', 'not_exists'],
    ['is_timestamp', 'is_not_timestamp'],
  ]
  const value = fc.option(fc.jsonValue(), { nil: undefined })
  fc.assert(
    fc.property(fc.constantFrom(...pairs), value, value, ([operator, negation], v, w) => {
      const argument = withoutArgument.has(operator) ? undefined : 'data.w'
      const more = w === undefined ? {} : { w }
      assert.notEqual(holds(v, operator, argument, more), holds(v, negation, argument, more))
    }),
  )
})
