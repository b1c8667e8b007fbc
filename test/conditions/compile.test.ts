import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'node:test'
import { z } from 'zod'
import { compileConditions, compileMatchConditions } from '../../conditions/compile.ts'
import { operators } from '../../conditions/conditions.ts'
import { conditionsField, matchConditionsField } from '../../conditions/field.ts'
import { readsOf } from '../../conditions/reads.ts'
import { stepRefsOf, unknownRefProblems } from '../../conditions/refs.ts'

const is = (variable: string, operator: string, argument?: unknown) => ({
  variable,
  operator,
  ...(argument !== undefined && { argument }),
})
const step = { place: 'step' } as const
const compile = (given: unknown) => compileConditions(given, step)
const argumentOf = (given: unknown, operator = 'equal_to', variable = 'data.a') => {
  const { conditions, problems } = compile({ all: [is(variable, operator, given)] })
  assert.deepEqual(problems, [])
  const [only] = conditions!.conditions
  return 'argument' in only! ? only.argument : undefined
}
const problemsOf = (given: unknown, context: Parameters<typeof compileConditions>[1] = step) => {
  const { conditions, problems } = compileConditions(given, context)
  assert.equal(conditions, null)
  return problems.map(({ path, message }) => `${path.join('.')}: ${message}`)
}
const refused = (given: unknown, expected: RegExp, context?: Parameters<typeof compileConditions>[1]) => {
  const problems = problemsOf(given, context)
  assert.equal(problems.length, 1, problems.join('\n'))
  assert.match(problems[0]!, expected)
}

test('absent, null and empty conditions are none', () => {
  for (const given of [
    undefined,
    null,
    '',
    [],
    {},
    { all: [] },
    { any: null },
    { all: [], any: [] },
    { any: [{ all: [] }] },
  ])
    assert.deepEqual(compile(given), { conditions: null, problems: [] }, JSON.stringify(given))
})

test('all, any and one within the other are compiled in order', () => {
  const a = { variable: { kind: 'path', path: ['data', 'a'] }, operator: 'exists', argument: null }
  const b = { ...a, variable: { kind: 'path', path: ['data', 'b'] } }
  const [fileA, fileB] = [is('data.a', 'exists'), is('data.b', 'exists')]
  assert.deepEqual(compile({ all: [fileA, fileB] }).conditions, { match: 'all', conditions: [a, b] })
  assert.deepEqual(compile({ any: [{ all: [fileA] }, { all: [fileB] }] }).conditions, {
    match: 'any',
    conditions: [
      { match: 'all', conditions: [a] },
      { match: 'all', conditions: [b] },
    ],
  })
  assert.deepEqual(compile({ all: [fileA], any: [fileB] }).conditions, {
    match: 'all',
    conditions: [
      { match: 'all', conditions: [a] },
      { match: 'any', conditions: [b] },
    ],
  })
  assert.deepEqual(compile([fileA, fileB]).conditions, { match: 'all', conditions: [a, b] })
})

test('a group within a group within a group is refused at its place', () => {
  refused({ any: [{ all: [{ any: [is('data.a', 'exists')] }] }] }, /^any\.0\.all\.0: .*one level deep/)
})

test('the groups of match_conditions are alternatives, and a single one stands alone', () => {
  const group = (name: string, operator?: string) => ({ operator, conditions: [is(`event.${name}`, 'exists')] })
  const wait = { place: 'wait' } as const
  assert.equal(compileMatchConditions([group('a', 'and')], wait).conditions?.match, 'all')
  assert.equal(compileMatchConditions([group('a', 'or')], wait).conditions?.match, 'any')
  assert.equal(compileMatchConditions([group('a'), group('b')], wait).conditions?.match, 'any')
  assert.equal(compileMatchConditions([is('event.a', 'exists')], wait).conditions?.match, 'all')
  for (const none of [undefined, null, [], [{ operator: 'and', conditions: [] }]])
    assert.equal(compileMatchConditions(none, wait).conditions, null)
  assert.deepEqual(
    compileMatchConditions([group('a'), { operator: 'xor', conditions: [] }], wait).problems.map(({ path }) => path),
    [[1, 'operator']],
  )
})

test('a static argument is JSON decoded and keeps the text it was', () => {
  assert.deepEqual(argumentOf('true'), { kind: 'value', value: true, text: 'true' })
  assert.deepEqual(argumentOf('null'), { kind: 'value', value: null, text: 'null' })
  assert.deepEqual(argumentOf('5'), { kind: 'value', value: 5, text: '5' })
  assert.deepEqual(argumentOf('["a","b"]'), { kind: 'value', value: ['a', 'b'] })
  assert.deepEqual(argumentOf('plain text'), { kind: 'value', value: 'plain text' })
  assert.deepEqual(argumentOf(''), { kind: 'value', value: '' })
  assert.deepEqual(argumentOf(5), { kind: 'value', value: 5 })
  assert.deepEqual(argumentOf(null), { kind: 'value', value: null })
  assert.deepEqual(argumentOf('1e999'), { kind: 'value', value: '1e999' })
})

test('an argument that begins with a root and a dot is a path, and a bare word is a text', () => {
  assert.deepEqual(argumentOf('data.event'), { kind: 'path', path: ['data', 'event'] })
  assert.deepEqual(argumentOf('data.items[0].name'), { kind: 'path', path: ['data', 'items', '0', 'name'] })
  assert.deepEqual(argumentOf('event'), { kind: 'value', value: 'event' })
  assert.deepEqual(argumentOf('example.com'), { kind: 'value', value: 'example.com' })
  assert.deepEqual(argumentOf('see data.x now'), { kind: 'value', value: 'see data.x now' })
})

test('timestamps are taken relative, as an instant, from a path or from Liquid', () => {
  const at = (given: unknown) => argumentOf(given, 'is_timestamp_before')
  const DAY = 86_400_000
  assert.deepEqual(at('{"value": 7, "unit": "days", "modifier": "from_now"}'), { kind: 'relative', ms: 7 * DAY })
  assert.deepEqual(at({ value: 15, unit: 'minutes', modifier: 'ago' }), { kind: 'relative', ms: -900_000 })
  assert.deepEqual(at('2030-01-01T00:00:00Z'), { kind: 'value', value: '2030-01-01T00:00:00Z' })
  assert.deepEqual(at('recipient.ends_at'), { kind: 'path', path: ['recipient', 'ends_at'] })
  assert.deepEqual(at('{{ data.at }}'), { kind: 'liquid', template: '{{ data.at }}' })
  assert.deepEqual(argumentOf('["2030-01-01T00:00Z", "data.until"]', 'is_timestamp_between'), {
    kind: 'list',
    items: [
      { kind: 'value', value: '2030-01-01T00:00Z' },
      { kind: 'path', path: ['data', 'until'] },
    ],
  })
})

test('a timestamp that can never be one is refused with what is wrong', () => {
  const at = (given: unknown, expected: RegExp, operator = 'is_timestamp_before') =>
    refused({ all: [is('data.a', operator, given)] }, expected)
  at('tomorrow', /^all\.0\.argument: is no instant; it must be/)
  at('2030-01-01', /is no instant/)
  at('2030-01-01T00:00:00', /has no time zone/)
  at({ value: 14, unit: 'minutes', modifier: 'from_now' }, /less than 15 minutes/)
  at({ value: 1, unit: 'fortnights', modifier: 'ago' }, /must have a unit/)
  at({ value: 1, unit: 'days' }, /must have a modifier/)
  at({ value: -1, unit: 'days', modifier: 'ago' }, /more than 0/)
  at('[1]', /must be a list of two/, 'is_between')
  at('["x", "2030-01-01T00:00:00Z"]', /is no instant/, 'is_timestamp_between')
})

test('a Liquid argument is checked by the caller', () => {
  const context = { ...step, checkLiquid: (text: string) => (text.includes('bad') ? 'no such filter' : null) }
  assert.deepEqual(compileConditions({ all: [is('data.a', 'equal_to', '{{ data.b }}')] }, context).problems, [])
  refused(
    { all: [is('data.a', 'equal_to', '{{ bad }}')] },
    /argument: is not a Liquid template: no such filter/,
    context,
  )
})

test('audiences are refused by name, with what to do', () => {
  refused(
    { all: [is('recipient', 'is_audience_member', 'paid')] },
    /^all\.0\.operator: is_audience_member .*recipient\./,
  )
  refused({ all: [is('recipient', 'is_not_audience_member', 'paid')] }, /keep the membership in a property/)
})

test('what is wrong is told by its exact place, all at once', () => {
  const problems = problemsOf({
    all: [is('plan', 'equal_to', 'x'), is('data.a', 'equals', 'x'), is('data.a', 'equal_to'), 'nonsense'],
    some: [1],
  })
  assert.deepEqual(
    problems.map((problem) => problem.split(':')[0]),
    ['some', 'all.0.variable', 'all.1.operator', 'all.2.argument', 'all.3'],
  )
})

test('an unknown step is refused where the refs are known, in variables and arguments', () => {
  const context = { ...step, refs: new Set(['email_1']) }
  assert.deepEqual(
    compileConditions({ all: [is('refs.email_1.status', 'less_than', '$message.seen')] }, context).problems,
    [],
  )
  refused(
    { all: [is('refs.email_2.status', 'less_than', '$message.seen')] },
    /all\.0\.variable: there is no step "email_2"; the steps are email_1/,
    context,
  )
  refused(
    { all: [is('data.a', 'equal_to', 'refs.wait_9.matched')] },
    /all\.0\.argument: there is no step "wait_9"/,
    context,
  )
})

test('messages of steps are there for steps and waits only, and events for waits only', () => {
  const status = { all: [is('refs.email_1.status', 'less_than', '$message.seen')] }
  const event = { all: [is('event.step_ref', 'equal_to', 'x')] }
  assert.deepEqual(compileConditions(status, { place: 'wait' }).problems, [])
  assert.deepEqual(compileConditions(event, { place: 'wait' }).problems, [])
  for (const place of ['workflow', 'channel', 'preference'] as const) {
    refused(status, /variable: refs is not there for the conditions of a/, { place })
    refused(event, /variable: event is not there/, { place })
  }
  refused(event, /event is not there for the conditions of a step/)
  const text = { all: [is('data.host', 'equal_to', 'event.com')] }
  refused(text, /^all\.0\.argument: event is not there .*a text is written "\\"event\.com\\""$/)
  assert.deepEqual(argumentOf('"event.com"'), { kind: 'value', value: 'event.com', text: '"event.com"' })
})

test('a status is asked by its own operators and with statuses that exist', () => {
  const ask = (path: string, operator: string, argument: string) => ({
    all: [is(`refs.email_1.${path}`, operator, argument)],
  })
  for (const [path, operator, argument] of [
    ['status', 'less_than', '$message.seen'],
    ['status', 'equal_to', 'delivered'],
    ['delivery_status', 'equal_to', '$message.skipped'],
    ['delivery_status', 'greater_than_or_equal_to', '$message.sent'],
    ['engagement_status', 'contains', '$message.seen_not_read'],
    ['engagement_status', 'contains_all', '["$message.seen","$message.link_clicked"]'],
  ] as const)
    assert.deepEqual(compile(ask(path, operator, argument)).problems, [], `${path} ${operator} ${argument}`)
  refused(
    ask('status', 'less_than', '$message.gone'),
    /argument: is no status of a message; write \$message\. and one of/,
  )
  refused(
    ask('engagement_status', 'less_than', '$message.seen'),
    /engagement_status cannot be asked by less_than; use contains/,
  )
  refused(ask('engagement_status', 'contains', '$message.delivered'), /is about delivery; ask delivery_status/)
  refused(ask('delivery_status', 'less_than', '$message.skipped'), /only be asked by equal_to or not_equal_to/)
})

test('more than 100 conditions in one place are refused', () => {
  const list = (length: number) => ({ all: Array.from({ length }, () => is('data.a', 'exists')) })
  assert.equal(compile(list(100)).conditions?.conditions.length, 100)
  refused(list(101), /more than 100/)
})

test('the field of a file tells its problems at their places and gives null for none', () => {
  const file = z.object({ steps: z.array(z.object({ conditions: conditionsField({ place: 'step' }) })) })
  assert.deepEqual(file.parse({ steps: [{}, { conditions: null }] }), {
    steps: [{ conditions: null }, { conditions: null }],
  })
  const { error } = file.safeParse({ steps: [{}, {}, { conditions: { all: [is('plan', 'exists')] } }] })
  assert.deepEqual(
    error?.issues.map(({ path }) => path),
    [['steps', 2, 'conditions', 'all', 0, 'variable']],
  )
  assert.equal(matchConditionsField().parse([{ operator: 'and', conditions: [is('event.a', 'exists')] }])?.match, 'all')
})

test('a file is searched for steps that conditions name and that it does not have', () => {
  const status = (ref: string) => ({ all: [is(`refs.${ref}.status`, 'less_than', '$message.seen')] })
  const file = {
    steps: [
      { ref: 'email_1', template: { conditions: status('template_only') } },
      {
        ref: 'branch_1',
        branches: [
          { ref: 'b_1', conditions: status('gone'), steps: [{ ref: 'sms_1', conditions: status('email_1') }] },
          {
            steps: [
              {
                ref: 'wait_1',
                settings: { match_conditions: [{ conditions: [is('event.a', 'equal_to', 'refs.no.x')] }] },
              },
            ],
          },
        ],
      },
      { ref: 'push_1', conditions: status('sms_1') },
    ],
  }
  assert.deepEqual([...stepRefsOf(file)], ['email_1', 'branch_1', 'b_1', 'sms_1', 'wait_1', 'push_1'])
  assert.deepEqual(
    unknownRefProblems(file).map(({ path }) => path.join('.')),
    [
      'steps.1.branches.0.conditions.all.0.variable',
      'steps.1.branches.1.steps.0.settings.match_conditions.0.conditions.0.argument',
    ],
  )
  for (const odd of [null, 5, [], { steps: 'x' }, { steps: [null, 1] }]) assert.deepEqual(unknownRefProblems(odd), [])
})

test('what conditions read is known before they are evaluated', () => {
  const { conditions } = compile({
    any: [
      { all: [is('refs.email_1.status', 'less_than', '$message.seen'), is('refs.wait_1.matched', 'equal_to', 'true')] },
      { all: [is('data.a', 'equal_to', 'recipient.b'), is('vars.c', 'equal_to', '{{ actor.id }}')] },
    ],
  })
  assert.deepEqual(readsOf(conditions, null), {
    roots: ['data', 'recipient', 'vars', 'refs'],
    messagesOf: ['email_1'],
    outputsOf: ['wait_1'],
    templates: ['{{ actor.id }}'],
  })
})

test('whatever JSON stands where conditions should, compiling ends with a result or with problems', () => {
  const comparison = fc.record(
    {
      variable: fc.oneof(fc.constantFrom('data.a', 'refs.x.status', 'recipient', ''), fc.jsonValue()),
      operator: fc.oneof(fc.constantFrom(...operators), fc.jsonValue()),
      argument: fc.oneof(fc.constantFrom('data.b', '$message.seen', '[1,2]', '{{ x }}'), fc.jsonValue()),
    },
    { requiredKeys: [] },
  )
  const given = fc.oneof(
    fc.jsonValue(),
    fc.record(
      { all: fc.array(comparison), any: fc.array(fc.oneof(comparison, fc.record({ all: fc.array(comparison) }))) },
      { requiredKeys: [] },
    ),
  )
  fc.assert(
    fc.property(given, (value) => {
      for (const { conditions, problems } of [compile(value), compileMatchConditions(value, { place: 'wait' })]) {
        assert.ok(conditions === null || problems.length === 0)
        assert.deepEqual(JSON.parse(JSON.stringify(conditions)), conditions)
      }
    }),
  )
})
