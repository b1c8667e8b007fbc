import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Route } from '../../api/http/route.ts'
import { routes } from '../../api/routes/index.ts'
import { createApiKey, revokeApiKey } from '../../store/api-keys/api-keys.ts'
import { scopes, type Scope } from '../../store/api-keys/scopes.ts'
import { PUBLIC_KEY, startApi, type Answer, type ApiServer } from '../../testing/product/api-server.ts'
import { catalog, feedChannel, seedChannels, seedMessage, seedTrigger } from '../../testing/fixtures/seed.ts'
import { SIGNING_KEY, SIGNING_PUBLIC_KEY, signUserToken, STRANGERS_KEY } from '../../testing/fixtures/user-tokens.ts'
import { createPublicKey } from 'node:crypto'

/** What a public key may call at Knock, and nothing else. */
const KNOCKS_PUBLIC = [
  /^(get|put) \/v1\/users\/:\w+$/,
  /^(get|put) \/v1\/users\/:\w+\/preferences(\/|$)/,
  /^get \/v1\/users\/:\w+\/preference_center/,
  /^(get|put|delete) \/v1\/(users\/:\w+|objects\/:\w+\/:\w+)\/channel_data\/:\w+$/,
  /^get \/v1\/users\/:\w+\/feeds\/:\w+(\/settings)?$/,
  /^get \/v1\/messages\/:\w+$/,
  /^(put|delete) \/v1\/messages\/:\w+\/(un)?(seen|read|archived|interacted)$/,
  /^post \/v1\/messages\/batch\/(un)?(seen|read|archived|interacted)$/,
  /^post \/v1\/channels\/:\w+\/messages\/bulk\/:?\w+$/,
]

let open: ApiServer
let secured: ApiServer
/** Where scoped keys are tried: what they may do, they do. */
let scoped: ApiServer
const scopedKeys = new Map<Scope | 'revoked', string>()
let message: string
before(async () => {
  open = await startApi(catalog)
  secured = await startApi(catalog, undefined, { BELAY_SIGNING_PUBLIC_KEY: SIGNING_PUBLIC_KEY })
  scoped = await startApi(catalog)
  for (const scope of [...scopes, 'revoked'] as const) {
    const made = await createApiKey(
      scoped.deps.store.db,
      { name: scope, scopes: [scope === 'revoked' ? 'admin' : scope] },
      0,
    )
    assert.ok(typeof made === 'object')
    scopedKeys.set(scope, made.key)
  }
  await revokeApiKey(scoped.deps.store.db, 'revoked', 0)
  for (const { deps } of [scoped, open, secured]) {
    await seedChannels(deps.store.db)
    const [run] = await seedTrigger(deps.store.db, { recipients: ['ada'] })
    message = await seedMessage(deps.store.db, run!)
  }
})
after(async () => {
  await open.close()
  await secured.close()
  await scoped.close()
})

/** A path of the route about ada, or about one of her messages. */
function pathOf({ path }: Route): string {
  return path
    .replace(/^\/v1\/users\/:\w+/, '/v1/users/ada')
    .replace(/^\/v1\/objects\/:\w+\/:\w+/, '/v1/objects/teams/red')
    .replace(/^\/v1\/messages\/:\w+/, `/v1/messages/${message}`)
    .replace(/:(channel|channel_id)\b/, feedChannel.id)
    .replace(/:action\b/, 'seen')
    .replace(/:\w+/g, '00000000-0000-4000-8000-000000000000')
}

const codeOf = (answer: Answer) => (answer.body as { code?: string } | undefined)?.code
/** 401 and 403 are the only answers of who may not. */
const isLetIn = ({ status }: Answer) => status !== 401 && status !== 403

function call(api: ApiServer, route: Route, options: { key?: string | null; token?: string }): Promise<Answer> {
  const { key, token } = options
  // A change of a channel's messages refuses what it does not know.
  const named = { ...(!route.path.includes('/messages/bulk/') && { message_ids: [message] }), user_ids: ['ada'] }
  const body = route.body === undefined ? {} : { body: named }
  const headers: Record<string, string> = token === undefined ? {} : { 'x-knock-user-token': token }
  return api.call(route.method.toUpperCase(), pathOf(route), { ...body, headers, ...(key !== undefined && { key }) })
}

async function assertRefused(answer: Promise<Answer>, status: number, code: string): Promise<void> {
  const { status: answered, body } = await answer
  assert.deepEqual([answered, (body as { code: string }).code], [status, code])
}

test('public keys open what they open at Knock', () => {
  for (const { method, path, access } of routes) {
    const isKnocks = KNOCKS_PUBLIC.some((pattern) => pattern.test(`${method} ${path}`))
    assert.equal(access !== 'secret', isKnocks, `${method} ${path} is ${access}`)
  }
})

for (const route of routes) {
  describe(`${route.method} ${route.path}, ${route.access}`, () => {
    test('no key, and a wrong one', async () => {
      await assertRefused(call(open, route, { key: null }), 401, 'api_key_missing')
      await assertRefused(call(open, route, { key: 'sk_wrong_12345678' }), 401, 'api_key_invalid')
      await assertRefused(call(open, route, { key: 'pk_wrong_12345678' }), 401, 'api_key_invalid')
    })

    test('a revoked key, and a key of each scope', async () => {
      await assertRefused(call(scoped, route, { key: scopedKeys.get('revoked')! }), 401, 'api_key_invalid')
      for (const scope of scopes) {
        const answer = await call(scoped, route, { key: scopedKeys.get(scope)! })
        if (scope === 'admin' || scope === route.scope)
          assert.ok(isLetIn(answer), `${scope}: ${JSON.stringify(answer.body)}`)
        else assert.deepEqual([answer.status, codeOf(answer)], [403, 'not_permitted'], scope)
      }
    })

    if (route.access === 'secret') {
      test('a public key, with and without a user token', async () => {
        const token = await signUserToken({ sub: 'ada' })
        for (const api of [open, secured]) {
          await assertRefused(call(api, route, { key: PUBLIC_KEY }), 403, 'incorrect_token_type')
          await assertRefused(call(api, route, { key: PUBLIC_KEY, token }), 403, 'incorrect_token_type')
        }
      })
      return
    }

    test('a public key alone is let in only where no user tokens are asked for', async () => {
      assert.ok(isLetIn(await call(open, route, { key: PUBLIC_KEY })))
      await assertRefused(call(secured, route, { key: PUBLIC_KEY }), 401, 'missing_user_token')
    })

    test('a user token that is expired, of another key or algorithm, or without sub', async () => {
      // By the clock of the api, which stands still while the routes are tried.
      const past = Math.floor(secured.clock.now / 1_000) - 60
      const tokens = [
        await signUserToken({ sub: 'ada', exp: past }),
        await signUserToken({ sub: 'ada', nbf: past + 3_600 }),
        await signUserToken({ sub: 'ada' }, { key: STRANGERS_KEY }),
        await signUserToken({ sub: 'ada' }, { alg: 'PS256' }),
        await signUserToken({ sub: 'ada' }, { alg: 'HS256', key: new TextEncoder().encode(SIGNING_PUBLIC_KEY) }),
        unsigned({ sub: 'ada' }),
        await signUserToken({}),
        await signUserToken({ sub: '' }),
        // Texts that are an object's, or part of a path, and no user's.
        ...(await Promise.all(
          ['teams#red', 'ada/feeds', '..', 'ada\u0000', 'x'.repeat(257)].map((sub) => signUserToken({ sub })),
        )),
        await signUserToken({ sub: 'ada', exp: undefined }),
        'no token',
        'x'.repeat(20_000),
      ]
      for (const token of tokens) {
        await assertRefused(call(secured, route, { key: PUBLIC_KEY, token }), 401, 'invalid_user_token')
      }
    })

    test('the token of the user is let in, and that of another sees nothing', async () => {
      const own = await call(secured, route, { key: PUBLIC_KEY, token: await signUserToken({ sub: 'ada' }) })
      const other = await call(secured, route, { key: PUBLIC_KEY, token: await signUserToken({ sub: 'eve' }) })
      if (route.path.startsWith('/v1/objects/')) {
        assert.deepEqual([codeOf(own), codeOf(other)], ['not_permitted', 'not_permitted'])
        const grants = {
          'https://api.knock.app/v1/objects/teams/red': { 'channel_data/read': [{}], 'channel_data/write': [{}] },
        }
        const token = await signUserToken({ sub: 'ada', grants })
        assert.ok(isLetIn(await call(secured, route, { key: PUBLIC_KEY, token })))
        return
      }
      assert.ok(isLetIn(own), JSON.stringify(own.body))
      const isNamed = /^\/v1\/(users|channels)\//.test(route.path)
      if (isNamed) assert.deepEqual([other.status, codeOf(other)], [403, 'not_permitted'])
      else if (route.path.includes('/batch/')) assert.deepEqual([other.status, other.body], [200, []])
      else if (route.path.startsWith('/v1/messages/'))
        assert.deepEqual([other.status, codeOf(other)], [404, 'resource_missing'])
      else assert.fail('say here what another user is answered')
      if (route.path.startsWith('/v1/messages/')) assert.equal(own.status, 200)
    })

    test('a token with explicit grants is let in where one is for this', async () => {
      const grant = (right: string) => ({ [`https://api.knock.app/v1/users/ada`]: { [right]: [{}] } })
      const letIn: string[] = []
      for (const right of RIGHTS) {
        const token = await signUserToken({ sub: 'ada', explicit_grants: true, grants: grant(right) })
        const answer = await call(secured, route, { key: PUBLIC_KEY, token })
        const hides = route.path.startsWith('/v1/messages/')
        const sees = hides ? answer.status === 200 && JSON.stringify(answer.body) !== '[]' : isLetIn(answer)
        if (sees) letIn.push(right)
      }
      assert.deepEqual(letIn, expectedRights(route))
    })
  })
}

const RIGHTS = [
  'user/read',
  'user/write',
  'preferences/read',
  'preferences/write',
  'channel_data/read',
  'channel_data/write',
  'user_feed/read',
  'user_feed/write',
  'feed/read',
  'feed/write',
  'user/feed_read',
  'user/feed_write',
]

function expectedRights({ method, path }: Route): string[] {
  const right = method === 'get' ? 'read' : 'write'
  if (path.startsWith('/v1/objects/')) return []
  if (/\/feeds|^\/v1\/(messages|channels)/.test(path))
    return [`user_feed/${right}`, `feed/${right}`, `user/feed_${right}`]
  if (path.includes('/preferences')) return [`preferences/${right}`]
  if (path.includes('/channel_data')) return [`channel_data/${right}`]
  return [`user/${right}`]
}

function unsigned(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`
}

test('a token for some tenants reads and writes the feed of those alone', async () => {
  const { db } = secured.deps.store
  const [acme] = await seedTrigger(db, { recipients: ['lin'], tenant: 'acme' })
  const [none] = await seedTrigger(db, { recipients: ['lin'] })
  const ids = [await seedMessage(db, acme!), await seedMessage(db, none!)]
  const granted = { 'user_feed/read': [{}], 'user_feed/write': [{}] }
  const tenantOnly = { 'https://api.knock.app/v1/tenants/acme': granted }
  const both = { ...tenantOnly, 'https://api.knock.app/v1/users/lin': granted }
  const feed = async (grants: object, query: string) => {
    const token = await signUserToken({ sub: 'lin', explicit_grants: true, grants })
    const options = { key: PUBLIC_KEY, headers: { 'x-knock-user-token': token } }
    const answer = await secured.call('GET', `/v1/users/lin/feeds/in-app-feed?${query}`, options)
    return answer.status === 200
      ? (answer.body as { entries: { id: string }[] }).entries.map(({ id }) => id)
      : codeOf(answer)
  }
  assert.deepEqual(await feed(tenantOnly, 'tenant=acme'), [ids[0]])
  assert.equal(await feed(tenantOnly, 'tenant=other'), 'not_permitted')
  assert.equal(await feed(tenantOnly, ''), 'not_permitted')
  assert.deepEqual(new Set(await feed(both, 'tenant=acme')), new Set(ids))
  assert.deepEqual(await feed(both, ''), [ids[1]])
  const token = await signUserToken({ sub: 'lin', explicit_grants: true, grants: tenantOnly })
  const options = { key: PUBLIC_KEY, headers: { 'x-knock-user-token': token }, body: { message_ids: ids } }
  const marked = await secured.call('POST', '/v1/messages/batch/seen', options)
  assert.deepEqual(
    (marked.body as { id: string }[]).map(({ id }) => id),
    [ids[0]],
  )
})

test('a grant with a condition is none, and the key may be PEM on one line or base64', async () => {
  const grants = { 'https://api.knock.app/v1/users/ada': { 'user_feed/read': [{ until: 'noon' }] } }
  const token = await signUserToken({ sub: 'ada', explicit_grants: true, grants })
  const options = { key: PUBLIC_KEY, headers: { 'x-knock-user-token': token } }
  await assertRefused(secured.call('GET', '/v1/users/ada/feeds/in-app-feed', options), 403, 'not_permitted')
  const pkcs1 = createPublicKey(SIGNING_PUBLIC_KEY).export({ type: 'pkcs1', format: 'pem' }).toString()
  const forms = [SIGNING_PUBLIC_KEY.replaceAll('\n', '\\n'), Buffer.from(SIGNING_PUBLIC_KEY).toString('base64'), pkcs1]
  for (const form of forms) {
    const api = await startApi(catalog, undefined, { BELAY_SIGNING_PUBLIC_KEY: form })
    const good = { key: PUBLIC_KEY, headers: { 'x-knock-user-token': await signUserToken({ sub: 'ada' }) } }
    assert.equal((await api.call('GET', '/v1/users/ada/feeds/in-app-feed', good)).status, 200)
    await api.close()
  }
  await assert.rejects(startApi(catalog, undefined, { BELAY_SIGNING_PUBLIC_KEY: SIGNING_KEY }), /is a private key/)
})
