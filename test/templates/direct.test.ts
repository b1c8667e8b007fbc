import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { renderLiquid, type LiquidContext } from '../../templates/liquid.ts'

/** A tag that shows nothing, and that only liquidjs fills in: with it the rest is liquidjs' too. */
const BY_LIQUIDJS = '{% assign zz = recipient.id %}'

const names = [
  'recipient',
  'data',
  'name',
  'a',
  'b c',
  'size',
  'first',
  'length',
  'constructor',
  '__proto__',
  'toString',
]
const name = fc.constantFrom(...names)
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map(([root, ...fields]) => {
  const plain = root!.replaceAll(' ', '_')
  return plain + fields.map((field) => (/^[a-z]\w*$/.test(field) ? `.${field}` : `["${field}"]`)).join('')
})
const instead = fc.oneof(path, fc.constantFrom('"there"', "''", '0', 'nil', 'data.list[0]'))
const filters = fc.array(
  fc.oneof(
    instead.map((value) => `| default: ${value}`),
    fc.constantFrom('| raw', '| upcase', '| default: "x", allow_false: true'),
  ),
  { maxLength: 3 },
)
const piece = fc.oneof(
  fc.constantFrom('text <b>', '\n', ' * ', '&amp;'),
  fc.tuple(path, filters, fc.constantFrom('', '-')).map(([of, all, trim]) => {
    return `{{${trim} ${of} ${all.join(' ')} ${trim}}}`
  }),
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>('', '<i>', '*b* & "c"', 0, 1.5, true, false, null, undefined),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))
const object = fc.dictionary(name, value, { maxKeys: 5, noNullPrototype: true })

/** A filter may fail, say where text is asked of what has a `toString` of its own. */
function outcomeOf(render: () => string): string {
  try {
    return render()
  } catch {
    return 'fails'
  }
}

test('a template of texts and lookups is filled in as liquidjs does it', () => {
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 6 }),
      fc.record({ own: object, recipient: object, data: object }),
      fc.constantFrom<LiquidContext>('html', 'text', 'markdown_source'),
      (pieces, { own, recipient, data }, kind) => {
        const text = pieces.join('')
        // Another object of data, so that nothing filled in before is found again.
        const scopeOf = () => ({ ...own, recipient, data: { ...data } })
        const filled = outcomeOf(() => renderLiquid(text, kind, scopeOf()))
        const byLiquidjs = text.trimStart() === text ? BY_LIQUIDJS + text : text + BY_LIQUIDJS
        assert.equal(
          filled,
          outcomeOf(() => renderLiquid(byLiquidjs, kind, scopeOf())),
        )
      },
    ),
    { numRuns: 2_000 },
  )
})

test('what is too long is refused with the place where it became so', () => {
  const data = { long: 'x'.repeat(300_000) }
  assert.throws(
    () => renderLiquid('{{ data.long }}{{ data.long }}', 'text', { data }),
    /longer than 400000 characters.*line:1/,
  )
})
