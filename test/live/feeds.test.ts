import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { openPostgres, query, type Database, type Store } from '../../store/postgres/database.ts'
import { accept, walk } from '../../testing/fixtures/recipient-runs.ts'
import { PhoenixPage, socketUrl } from '../../testing/fixtures/phoenix.ts'
import { feedChannel } from '../../testing/fixtures/seed.ts'
import { eventually } from '../../testing/fixtures/eventually.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { testPostgres, type TestDatabase } from '../../testing/servers/postgres.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const version = testVersion('invite', ['feed', 'wait', 'mail'])
const catalog = catalogOf(version)

interface Stand {
  /** Two api processes on one store; on PGlite one. */
  apis: ApiServer[]
  db: Database
}

let users = 0
const freshUser = () => `user-${(users += 1)}`

for (const kind of ['PGlite', 'Postgres'] as const) {
  describe(`on ${kind}`, () => {
    const stand = {} as Stand
    let database: TestDatabase | undefined
    before(async () => {
      const stores: Store[] = []
      if (kind === 'PGlite') stores.push(await testPglite())
      else {
        database = await testPostgres()
        stores.push(openPostgres(database.url), openPostgres(database.url))
      }
      const apis = []
      for (const store of stores) apis.push(await startApi(catalog, store))
      stand.apis = apis
      stand.db = stores[0]!.db
      await publishCatalog(stand.db, catalog)
      // Listening begins in the background: each is to have told of a message before the tests count on it.
      for (const which of apis.keys()) {
        const user = freshUser()
        const page = await openPage(user, undefined, which)
        for (let n = 0; page.counts === undefined; n += 1) {
          await notify([user], `${user} ${n}`)
          await delay(100)
        }
        page.close()
      }
    })
    after(async () => {
      for (const api of stand.apis) await api.close()
      await database?.drop()
    })

    async function openPage(user: string, options: object = { client_1: { archived: 'exclude' } }, which = -1) {
      const page = await PhoenixPage.open(socketUrl(stand.apis.at(which)!.url))
      assert.equal((await page.join(feedChannel.id, user, options)).status, 'ok')
      return page
    }

    /** An in-app message for each, made by a walk. */
    async function notify(recipients: string[], key = recipients[0]!, given: Parameters<typeof accept>[4] = {}) {
      const accepted = await accept(stand.db, version, key, recipients, given)
      for (const row of accepted.rows) await walk(stand.db, version, row)
      return accepted
    }

    async function idsOf(user: string): Promise<string[]> {
      const { body } = await stand.apis[0]!.call('GET', `/v1/users/${user}/feeds/${feedChannel.id}`)
      return (body as { entries: { id: string }[] }).entries.map(({ id }) => id)
    }

    test('a message appears in an open page, with the counts of its filter, whichever process made it', async () => {
      const user = freshUser()
      const options = { client_1: { archived: 'exclude' }, client_2: { tenant: 'acme', has_tenant: true } }
      const page = await openPage(user, options)
      const stranger = await openPage(freshUser())
      await notify([user])
      await eventually(() => assert.deepEqual(page.counts, [1, 1, 1]))
      const [told] = page.events('new-message')
      assert.deepEqual(told!.attn, ['client_1', 'client_2'])
      const counted = { __typename: 'FeedMetadata', total_count: 1, unread_count: 1, unseen_count: 1 }
      const none = { ...counted, total_count: 0, unread_count: 0, unseen_count: 0 }
      assert.deepEqual(told!.data, { client_1: { metadata: counted }, client_2: { metadata: none } })
      await notify([user], `${user} again`, { tenant: 'acme' })
      await eventually(() =>
        assert.equal(page.events('new-message').at(-1)!.data!['client_2']!.metadata.total_count, 1),
      )
      assert.deepEqual(stranger.events('new-message'), [])
      page.close()
      stranger.close()
    })

    test('an older client, whose options stand alone, is told in its own way', async () => {
      const user = freshUser()
      const page = await openPage(user, { archived: 'exclude' })
      await notify([user])
      await eventually(() => assert.deepEqual(page.counts, [1, 1, 1]))
      assert.deepEqual([page.events('new-message')[0]!.attn, page.events('new-message')[0]!.data], [[], {}])
      page.close()
    })

    test('what another device sees, reads, archives and takes back corrects the counts', async () => {
      const user = freshUser()
      const page = await openPage(user)
      await notify([user])
      await eventually(() => assert.deepEqual(page.counts, [1, 1, 1]))
      const [id] = await idsOf(user)
      const steps: [method: string, status: string, counts: number[]][] = [
        ['PUT', 'seen', [1, 1, 0]],
        ['PUT', 'read', [1, 0, 0]],
        ['DELETE', 'read', [1, 1, 0]],
        ['PUT', 'archived', [0, 0, 0]],
        ['DELETE', 'archived', [1, 1, 0]],
      ]
      for (const [method, status, counts] of steps) {
        await stand.apis[0]!.call(method, `/v1/messages/${id}/${status}`)
        await eventually(() => assert.deepEqual(page.counts, counts, `${method} ${status}`))
      }
      assert.deepEqual(page.events('messages-revoked'), [{ ids: [id], attn: ['client_1'] }])
      page.close()
    })

    test('a cancel that archives what was sent takes it off every open page, and nothing of others', async () => {
      const [user, other] = [freshUser(), freshUser()]
      const keeps = { client_1: {}, client_all: { archived: 'include' } }
      const pages = [await openPage(user), await openPage(user, keeps, 0)]
      const bystander = await openPage(other)
      await notify([user, other], user)
      await notify([user], `${user} stays`)
      // Each of them: one that has heard of the first alone counts as after the cancel.
      for (const page of pages) await eventually(() => assert.deepEqual(page.counts, [2, 2, 2]))
      const before = await idsOf(user)
      const begun = performance.now()
      const { body } = await stand.apis[0]!.call('POST', '/v1/workflows/invite/cancel', {
        body: { cancelation_key: user, recipients: [user], archive_sent: true },
      })
      const archived = (body as { archived: { id: string }[] }).archived.map(({ id }) => id)
      assert.equal(archived.length, 1)
      for (const page of pages) {
        await eventually(() => assert.deepEqual(page.counts, [1, 1, 1]))
        const [revoked] = page.events('messages-revoked')
        assert.deepEqual(revoked, { ids: archived, attn: ['client_1'] })
        // First the card goes, then the page fetches.
        const order = page.told.map(([, , , event]) => event)
        assert.ok(order.lastIndexOf('new-message') > order.indexOf('messages-revoked'))
      }
      assert.ok(performance.now() - begun < 10_000)
      assert.equal(pages[1]!.events('new-message').at(-1)!.data!['client_all']!.metadata.total_count, 2)
      assert.deepEqual(bystander.events('messages-revoked'), [])
      assert.equal((await idsOf(user)).length, before.length - 1)
      for (const page of [...pages, bystander]) page.close()
    })

    test('a page that was away is told to fetch, and a page that is new is not', async () => {
      const user = freshUser()
      const first = await openPage(user)
      first.close()
      await notify([user])
      const back = await PhoenixPage.open(socketUrl(stand.apis[0]!.url), 7)
      await back.join(feedChannel.id, user)
      await eventually(() => assert.deepEqual(back.counts, [1, 1, 1]))
      assert.deepEqual(back.events('messages-revoked'), [{ ids: [], attn: ['client_1'], refetch: true }])
      const fresh = await openPage(user)
      // The next message bounds the wait: whatever was told on joining came before it.
      await notify([user], `${user} next`)
      await eventually(() => assert.deepEqual(fresh.counts, [2, 2, 2]))
      assert.deepEqual(fresh.events('messages-revoked'), [])
      back.close()
      fresh.close()
    })

    test('a broadcast is told in a few notifications, and a page hears of a storm once in a while', async () => {
      const audience = Array.from({ length: 400 }, (_, n) => `crowd-${kind}-${n}`)
      const page = await openPage(audience[123]!)
      await notify(audience)
      await eventually(() => assert.deepEqual(page.counts, [1, 1, 1]))
      const [id] = await idsOf(audience[123]!)
      const before = page.events('new-message').length
      const begun = performance.now()
      for (let n = 0; n < 40; n += 1) {
        await stand.apis[0]!.call(n % 2 === 0 ? 'PUT' : 'DELETE', `/v1/messages/${id}/read`)
      }
      await stand.apis[0]!.call('PUT', `/v1/messages/${id}/read`)
      await eventually(() => assert.deepEqual(page.counts, [1, 0, 0]))
      // One in a tenth of a second, however fast they come; one more was under way, and one is the last.
      const most = 2 + (performance.now() - begun) / 100
      assert.ok(page.events('new-message').length - before <= most)
      page.close()
    })

    test('what a transaction that is rolled back would have told is not told', async () => {
      const user = freshUser()
      const page = await openPage(user)
      await notify([user])
      await eventually(() => assert.deepEqual(page.counts, [1, 1, 1]))
      const body = { cancelation_key: user, archive_sent: true, dry_run: true }
      await stand.apis[0]!.call('POST', '/v1/workflows/invite/cancel', { body })
      // What is told is told in order: whatever came of it came before the next message.
      await notify([user], `${user} next`)
      await eventually(() => assert.deepEqual(page.counts, [2, 2, 2]))
      assert.deepEqual(page.events('messages-revoked'), [])
      page.close()
    })

    if (kind === 'Postgres') {
      test('an api whose listening connection is cut listens anew, and its pages fetch what they missed', async () => {
        const user = freshUser()
        const page = await openPage(user)
        await query(
          stand.db,
          sql`select pg_terminate_backend(pid) from pg_stat_activity
          where query like 'listen%' or query = 'select 1' and pid <> pg_backend_pid()`,
        )
        await notify([user])
        await eventually(() => assert.deepEqual(page.counts, [1, 1, 1]))
        await notify([user], `${user} later`)
        await eventually(() => assert.deepEqual(page.counts, [2, 2, 2]))
        page.close()
      })
    }
  })
}
