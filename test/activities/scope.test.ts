import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { renderLiquid } from '../../templates/liquid.ts'
import { testScope } from '../../testing/fixtures/scope.ts'

const scope = testScope({
  data: { event: 'saved', plan: { name: 'Pro' }, recipient: 'not this', list: ['a', 'b'] },
  recipient: { id: 'u1', properties: { id: 'not this', name: 'Bob' } },
  actor: { id: 'p1', collection: 'projects', properties: { name: 'Project' } },
  tenant: { id: 't1', properties: { name: 'Acme' } },
  triggerData: { event: 'shared' },
})
const shown = (template: string) => renderLiquid(template, 'text', scope)

test('a template sees recipient, actor, tenant and data under their names', () => {
  assert.equal(shown('{{ recipient.id }} {{ recipient.name }}'), 'u1 Bob')
  assert.equal(shown('{{ actor.id }} {{ actor.collection }} {{ actor.name }}'), 'p1 projects Project')
  assert.equal(shown('{{ tenant.id }} {{ tenant.name }}'), 't1 Acme')
  assert.equal(shown('{{ data.plan.name }} {{ data.list | join: "," }}'), 'Pro a,b')
})

test('data stands at the top level too, but takes no name from what Knock defines', () => {
  assert.equal(shown('{{ plan.name }} {{ recipient.name }}'), 'Pro Bob')
})

test("a recipient's own trigger data is laid over the trigger's", () => {
  assert.equal(shown('{{ data.event }} {{ event }} {{ plan.name }}'), 'shared shared Pro')
})

test('one trigger is one activity of at most one actor', () => {
  const activities =
    '{% for a in activities %}{{ a.event }} {{ a.data.event }} {{ a.actor.name }} {{ a.inserted_at }}{% endfor %}'
  assert.equal(shown(activities), 'shared shared Project 2030-01-31T12:00:00.000Z')
  assert.equal(shown('{{ total_activities }} {{ total_actors }} {{ actors[0].name }}'), '1 1 Project')
  assert.equal(renderLiquid('{{ total_actors }}{{ actor.name }}', 'text', testScope()), '0')
})

test('the ids of the run and of the message can be shown', () => {
  assert.equal(
    shown(
      '{{ workflow.key }} {{ workflow.cancellation_key }} {{ current_message.id }} {{ workflow.categories | first }}',
    ),
    'hello invite-1 m1 examples',
  )
  assert.equal(shown('{{ workflow.run_id }}'), '0b5c7f3e-4a55-4c39-9a0f-6f1f0d1f6a11')
  assert.equal(shown('{{ workflow.recipient_run_id }}'), '0b5c7f3e-4a55-8c39-9a0f-6f1f0d1f6a11')
})

test('vars is there and empty, and what is not there shows as nothing', () => {
  assert.equal(shown('[{{ vars.app_url }}{{ data.no.such.thing }}]'), '[]')
})

test('what is rendered once for a trigger is what each of its recipients would get alone', () => {
  const data = { team: 'Acme', root: 'recipient', rule: 'item == recipient.name', names: ['Ada', 'Bob'] }
  const of = (name: string, given: typeof data) =>
    testScope({
      data: given,
      recipient: { id: name, properties: { name } },
      recipientRunId: `run of ${name}`,
      messageId: `message of ${name}`,
    })
  const parts = [
    'plain',
    '{{ data.team }}',
    '{{ team | upcase }}',
    '{{ recipient.name }}',
    '{{ [data.root].name }}',
    '{{ [root].name }}',
    '{{ names | where_exp: "item", "item == recipient.name" | join }}',
    '{{ names | where_exp: "item", rule | join }}',
    '{% assign who = recipient.name %}{{ who }}',
    '{% for activity in activities %}{{ activity.id }}{% endfor %}',
    '{{ current_message.id }}',
    '{{ workflow | json }}',
    '{{ data | json }}',
  ]
  const holds = fc.property(
    fc.subarray(parts, { minLength: 1 }),
    fc.constantFrom('text', 'html', 'markdown'),
    (some, to) => {
      const template = some.join(' ')
      const shared = { ...data }
      for (const name of ['Ada', 'Bob']) {
        const alone = renderLiquid(template, to, of(name, { ...data }))
        assert.equal(renderLiquid(template, to, of(name, shared)), alone, `${template} for ${name}`)
      }
    },
  )
  fc.assert(holds)
})
