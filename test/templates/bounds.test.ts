import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderLiquid } from '../../templates/liquid.ts'

const partial = (content: string) => ({ type: 'html' as const, content, lists: [], defaults: {} })

/** Partials 5 deep, each of which renders the next one as `body` says. */
function bomb(body: (next: string) => string) {
  const content = (depth: number) => (depth === 5 ? 'x'.repeat(20) : body(`{% render 'p${depth + 1}' %}`))
  return Object.fromEntries([1, 2, 3, 4, 5].map((depth) => [`p${depth}`, partial(content(depth))]))
}

const LIMIT =
  /template render limit exceeded|memory alloc limit exceeded|longer than 400000 characters|lists of at most/

test('whatever a template repeats, it ends within its bounds and says which', () => {
  const loop = (body: string, count = 1_000_000) => `{% for i in (1..${count}) %}${body}{% endfor %}`
  const doubled = (filter: string) => `{% assign a = "xxxxxxxxxx" %}${loop(`{% assign a = a | ${filter}: a %}`, 60)}`
  const cases: [string, string, object?][] = [
    ['partials', "{% render 'p1' %}".repeat(10), { partials: bomb((next) => next.repeat(10)) }],
    ['partials in loops', "{% render 'p1' %}", { partials: bomb((next) => loop(next, 100)) }],
    ['a long loop', loop('', 1_000_000_000)],
    ['loops within loops', loop(loop('', 5_000), 5_000)],
    ['captures that double', `{% assign a = "x" %}${'{% capture a %}{{ a }}{{ a }}{% endcapture %}'.repeat(40)}`],
    ['captures in a loop', loop(`{% capture a %}${'x'.repeat(1_000)}{% endcapture %}`)],
    ['append', doubled('append')],
    ['concat', `{% assign a = "a,b" | split: "," %}${loop('{% assign a = a | concat: a %}', 60)}`],
    ['tablerow', '{% tablerow i in (1..1000000) %}x{% endtablerow %}'],
    ['cycle', loop('{% cycle "a", "b" %}')],
    ['increment', loop('{% increment a %}')],
    ['where', '{% assign l = (1..1000000) | where: "a" %}'],
    ['sort', '{% assign l = (1..1000000) | sort %}'],
  ]
  for (const [name, text, options] of cases) {
    for (const context of ['html', 'text'] as const) {
      const began = performance.now()
      assert.throws(() => renderLiquid(text, context, {}, options), LIMIT, `${name} in ${context}`)
      // Twice a quarter of a second is what it may take.
      assert.ok(performance.now() - began < 20_000, name)
    }
  }
})

test('what recipients of a trigger share keeps to one text’s bounds, in however many places it stands', () => {
  const list = '{{ data.long | split: "," | size }}'
  const data = { long: 'x'.repeat(2_000_000) }
  for (const context of ['html', 'text', 'markdown_source'] as const) {
    const show = (text: string) => renderLiquid(text, context, { recipient: { id: 'ada' }, data } as never)
    assert.equal(show(`${list}{{ recipient.id }}${list}`), '1ada1')
    assert.throws(() => show(`${list}{{ recipient.id }}`.repeat(3)), /memory alloc limit exceeded/, context)
  }
})

test('a counter belongs to one text: no other one, no recipient and no name of the scope is touched', () => {
  const data = { tenant_name: 'Acme' }
  const scope = { data, recipient: { id: 'ada' } }
  const text = '{% increment n %}{% increment n %}{% decrement m %} {{ n }} {% increment recipient %}{{ recipient.id }}'
  for (const context of ['text', 'html', 'markdown_source'] as const)
    for (let time = 0; time < 2; time += 1) assert.equal(renderLiquid(text, context, scope), '01-1 2 0ada')
  assert.deepEqual(scope, { data: { tenant_name: 'Acme' }, recipient: { id: 'ada' } })
  const assigned = '{% assign n = 10 %}{% increment n %}{{ n }}{% increment tenant_name %}{{ tenant_name }}'
  assert.equal(renderLiquid(assigned, 'text', scope), '0100Acme')
  const partials = { counts: partial('{% increment n %}') }
  const rendered = "{% increment n %}{% render 'counts' %}{% render 'counts' %}{% increment n %}"
  assert.equal(renderLiquid(rendered, 'html', scope, { partials }), '0001')
})
