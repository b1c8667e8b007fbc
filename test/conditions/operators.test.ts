import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'node:test'
import { compileConditions } from '../../conditions/compile.ts'
import { operators, withoutArgument, type Operator } from '../../conditions/conditions.ts'
import { evaluateConditions } from '../../conditions/evaluate.ts'

const NOW = '2030-06-15T12:00:00Z'
const PAST = '2030-06-01T00:00:00Z'
const FUTURE = '2030-07-01T00:00:00Z'
const relative = (value: number, modifier: 'ago' | 'from_now') => ({ value, unit: 'days', modifier })

/** What is asked for, in the order of the columns below; undefined is missing. */
const values = [undefined, null, '', 5, '5', 'abc', [], ['a', 'b'], { a: 1 }, true, PAST, FUTURE]
/** What stands in the scope beside it, for arguments that are paths. */
const beside = { w: 'abc', list: ['b', 'c'], n: 4, m: 6, limits: [4, 6], when: NOW }

/** By operator: arguments, and for each value above whether it holds (1). Written from docs/conditions.md. */
const table: Record<Operator, [argument: unknown, holds: string][]> = {
  //                   missing null '' 5 '5' abc [] [a,b] {a} true past future
  equal_to: [
    ['abc', '.....1......'],
    ['5', '...11.......'],
    [5, '...1........'],
    ['null', '.1..........'],
    ['true', '.........1..'],
    ['[]', '......1.....'],
    ['["a","b"]', '.......1....'],
    [{ a: 1 }, '........1...'],
    ['data.w', '.....1......'],
    ['data.nothing', '1.1.........'],
    ['{{ data.w }}', '.....1......'],
  ],
  not_equal_to: [
    ['abc', '11111.111111'],
    ['null', '1.1111111111'],
    ['data.nothing', '.1.111111111'],
  ],
  greater_than: [
    ['4', '...11.......'],
    [4, '...11.......'],
    ['aaa', '.....1......'],
    ['data.n', '...11.......'],
    ['data.list', '............'],
    [NOW, '.....1.....1'],
  ],
  greater_than_or_equal_to: [
    ['5', '...11.......'],
    ['abc', '.....1......'],
    ['["a","b"]', '.......1....'],
    ['data.m', '............'],
  ],
  less_than: [
    ['6', '...11.......'],
    ['b', '1.1..1....11'],
    ['data.nothing', '............'],
    ['data.n', '............'],
  ],
  less_than_or_equal_to: [
    ['5', '...11.......'],
    ['', '1.1.........'],
    ['data.m', '...11.......'],
  ],
  contains: [
    ['a', '.....1.1....'],
    ['["b","z"]', '.....1.1....'],
    [5, '....1.......'],
    ['data.list', '.....1.1....'],
    ['data.nothing', '............'],
  ],
  not_contains: [
    ['a', '11111.1.1111'],
    ['data.nothing', '111111111111'],
  ],
  contains_all: [
    ['["a","b"]', '.....1.1....'],
    ['["a","z"]', '............'],
    ['[]', '111111111111'],
    ['data.list', '.....1......'],
  ],
  not_contains_all: [
    ['["a","b"]', '11111.1.1111'],
    ['data.list', '11111.111111'],
  ],
  empty: [[undefined, '111...1.....']],
  not_empty: [[undefined, '...111.11111']],
  exists: [[undefined, '..1111111111']],
  not_exists: [[undefined, '11..........']],
  is_between: [
    ['[1, 5]', '...11.......'],
    ['["a","b"]', '.....1......'],
    ['["data.n","data.m"]', '...11.......'],
    ['data.limits', '...11.......'],
    ['data.nothing', '............'],
  ],
  is_timestamp: [[undefined, '..........11']],
  is_not_timestamp: [[undefined, '1111111111..']],
  is_timestamp_before: [
    [NOW, '..........1.'],
    [relative(7, 'from_now'), '..........1.'],
    [relative(30, 'from_now'), '..........11'],
    [JSON.stringify(relative(7, 'ago')), '..........1.'],
    [relative(30, 'ago'), '............'],
    ['data.when', '..........1.'],
    ['data.w', '............'],
  ],
  is_timestamp_after: [
    [NOW, '...........1'],
    [relative(30, 'ago'), '..........11'],
    ['data.nothing', '............'],
  ],
  is_timestamp_on_or_after: [
    [PAST, '..........11'],
    [FUTURE, '...........1'],
    ['data.when', '...........1'],
  ],
  is_timestamp_between: [
    [`["${PAST}","${FUTURE}"]`, '..........1.'],
    [[relative(30, 'ago'), relative(30, 'from_now')], '..........11'],
    ['data.limits', '............'],
  ],
  is_timestamp_before_now: [[undefined, '..........1.']],
  is_timestamp_on_or_after_now: [[undefined, '...........1']],
}

/** Whether `data.<variable>` answers an operator, with a scope of this data. */
function holds(operator: Operator, argument: unknown, data: object, variable = 'v'): boolean {
  const given = { variable: `data.${variable}`, operator, ...(argument !== undefined && { argument }) }
  const { conditions, problems } = compileConditions({ all: [given] }, { place: 'step' })
  assert.deepEqual(problems, [])
  const render = () => beside.w
  return evaluateConditions(conditions, { data }, { now: Date.parse(NOW), render }).result
}

for (const operator of operators) {
  test(`${operator} holds of each value and argument as the documentation says`, () => {
    for (const [argument, expected] of table[operator]) {
      const found = values.map((v) => holds(operator, argument, v === undefined ? beside : { ...beside, v }))
      const written = found.map((result) => (result ? '1' : '.')).join('')
      assert.equal(written, expected, JSON.stringify(argument))
    }
  })
}

test('membership of an audience is refused by name, and no other operator of Knock’s', () => {
  for (const operator of ['is_audience_member', 'is_not_audience_member']) {
    const { problems } = compileConditions(
      { all: [{ variable: 'recipient', operator, argument: 'x' }] },
      { place: 'step' },
    )
    assert.equal(problems.length, 1)
    assert.match(problems[0]!.message, new RegExp(`^${operator} is not supported: .*recipient\\.<name>`))
  }
})

const any = fc.option(fc.oneof(fc.jsonValue(), fc.constantFrom(PAST, FUTURE, '5', '05', 'abc', '')), { nil: undefined })
const dataOf = (v: unknown, w: unknown) => ({ ...(v !== undefined && { v }), ...(w !== undefined && { w }) })

test('of any two values, one is greater exactly if the other is less, and equality has no sides', () => {
  const mirrored: [Operator, Operator][] = [
    ['greater_than', 'less_than'],
    ['greater_than_or_equal_to', 'less_than_or_equal_to'],
    ['equal_to', 'equal_to'],
    ['is_timestamp_before', 'is_timestamp_after'],
  ]
  fc.assert(
    fc.property(fc.constantFrom(...mirrored), any, any, ([one, other], v, w) => {
      const data = dataOf(v, w)
      assert.equal(holds(one, 'data.w', data), holds(other, 'data.v', data, 'w'))
    }),
    { numRuns: 500 },
  )
})

test('of greater, less and the two that include equality, what any values answer agrees', () => {
  fc.assert(
    fc.property(any, any, (v, w) => {
      const data = dataOf(v, w)
      const is = (operator: Operator) => holds(operator, 'data.w', data)
      assert.ok(!(is('greater_than') && is('less_than')))
      if (is('greater_than')) assert.ok(is('greater_than_or_equal_to') && !is('less_than_or_equal_to'))
      if (is('equal_to')) assert.ok(is('greater_than_or_equal_to') && is('less_than_or_equal_to'))
      const between = holds('is_between', 'data.ends', { ...data, ends: [w ?? '', w ?? ''] })
      if (w !== null) assert.equal(between, is('greater_than_or_equal_to') && is('less_than_or_equal_to'))
    }),
    { numRuns: 500 },
  )
})

test('a value is empty or not, exists or not, and what does not exist is empty', () => {
  fc.assert(
    fc.property(any, (v) => {
      const is = (operator: Operator) => holds(operator, undefined, dataOf(v, undefined))
      assert.notEqual(is('empty'), is('not_empty'))
      assert.notEqual(is('exists'), is('not_exists'))
      if (is('not_exists')) assert.ok(is('empty'))
      if (is('is_timestamp')) assert.notEqual(is('is_timestamp_before_now'), is('is_timestamp_on_or_after_now'))
    }),
  )
})

test('no JSON, as a value or found by a path, makes any operator throw', () => {
  fc.assert(
    fc.property(fc.constantFrom(...operators), any, any, (operator, v, w) => {
      const argument = withoutArgument.has(operator) ? undefined : 'data.w'
      assert.equal(typeof holds(operator, argument, dataOf(v, w)), 'boolean')
    }),
    { numRuns: 500 },
  )
})
