import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FieldError } from '../../api/http/errors.ts'
import { catalog } from '../../testing/fixtures/seed.ts'
import { SIGNING_PUBLIC_KEY, signUserToken } from '../../testing/fixtures/user-tokens.ts'
import { PUBLIC_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'

let api: ApiServer
let token: string
before(async () => {
  api = await startApi(catalog, undefined, { BELAY_SIGNING_PUBLIC_KEY: SIGNING_PUBLIC_KEY })
  token = await signUserToken({ sub: 'ada' })
})
after(() => api.close())

const PREFERENCES = '/v1/users/ada/preferences/default'
const asAda = (path: string, body: unknown) =>
  api.call('PUT', path, { key: PUBLIC_KEY, headers: { 'x-knock-user-token': token }, body })
const unless = (variable: string, argument: unknown = 'x') => ({
  conditions: [{ variable, operator: 'not_contains', argument }],
})
/** Who may read an answer of their messages could find a secret by guesses. */
const asking = unless('vars.key')

test('with a user token no set may ask for vars, by its variable, its argument, or by Liquid', async () => {
  const field = 'channel_types.email.conditions[0]'
  for (const [value, place] of [
    [asking, 'variable'],
    [unless('vars'), 'variable'],
    [unless('data.guess', 'vars.key'), 'argument'],
    [{ conditions: [{ variable: 'data.n', operator: 'is_between', argument: ['vars.a', 'vars.b'] }] }, 'argument'],
    [unless('data.guess', '{{ vars.key }}'), 'argument'],
    // What a partial or a name that is computed leads to.
    [unless('data.guess', '{% render "footer" %}'), 'argument'],
    [unless('data.guess', '{{ [data.name].key }}'), 'argument'],
  ] as const) {
    const { status, body } = await asAda(PREFERENCES, { channel_types: { email: value } })
    assert.equal(status, 422, JSON.stringify(value))
    assert.deepEqual(
      (body as { errors: FieldError[] }).errors.map((each) => each.field),
      [`${field}.${place}`],
    )
  }
})

test('so it is by every call that a user token opens, with the place of the condition', async () => {
  const at = 'conditions[0].variable'
  const calls: [path: string, body: unknown, field: string][] = [
    [PREFERENCES, { commercial_subscribed: asking }, `commercial_subscribed.${at}`],
    [PREFERENCES, { __persistence_strategy__: 'merge', categories: { a: asking } }, `categories.a.${at}`],
    [PREFERENCES, { workflows: { w: { channel_types: { sms: asking } } } }, `workflows.w.channel_types.sms.${at}`],
    [`${PREFERENCES}/channel_types`, { email: asking }, `email.${at}`],
    [`${PREFERENCES}/channel_types/email`, { subscribed: asking }, at],
    [`${PREFERENCES}/workflows`, { w: asking }, `w.${at}`],
    [`${PREFERENCES}/workflows/w`, asking, at],
    [`${PREFERENCES}/categories`, { c: asking }, `c.${at}`],
    [`${PREFERENCES}/categories/c`, asking, at],
    ['/v1/users/ada', { preferences: { red: { workflows: { w: asking } } } }, `preferences.red.workflows.w.${at}`],
  ]
  for (const [path, body, field] of calls) {
    const answer = await asAda(path, body)
    const { errors = [] } = answer.body as { errors?: FieldError[] }
    assert.deepEqual([answer.status, errors.map((each) => each.field)], [422, [field]], path)
    assert.equal((await api.call('PUT', path, { body })).status, 200, `a secret key, ${path}`)
  }
})

test('conditions on what a user may know are set with a user token as with a secret key', async () => {
  const body = { workflows: { w: unless('recipient.muted', 'data.dino') } }
  const { status, body: set } = await asAda(PREFERENCES, body)
  assert.deepEqual([status, (set as typeof body).workflows], [200, body.workflows])
})
