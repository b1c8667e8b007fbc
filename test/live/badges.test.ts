import assert from 'node:assert/strict'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { openPostgres, type Store } from '../../store/postgres/database.ts'
import { accept, walk } from '../../testing/fixtures/recipient-runs.ts'
import { PhoenixPage, socketUrl } from '../../testing/fixtures/phoenix.ts'
import { feedChannel } from '../../testing/fixtures/seed.ts'
import { eventually } from '../../testing/fixtures/eventually.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const SEQUENCES = Number(process.env['BELAY_MODEL_RUNS'] ?? 30)
const version = testVersion('invite', ['feed'])

const user = fc.constantFrom('ada', 'grace')
const key = fc.constantFrom('one', 'two')
/** What happens, one after the other, while both look at their feeds. */
const happens = fc.oneof(
  fc.record({ what: fc.constant('notify' as const), key, to: fc.uniqueArray(user, { minLength: 1 }) }),
  fc.record({
    what: fc.constant('mark' as const),
    of: user,
    which: fc.nat(5),
    method: fc.constantFrom('PUT', 'PUT', 'DELETE'),
    status: fc.constantFrom('seen', 'read', 'archived', 'interacted'),
  }),
  fc.record({ what: fc.constant('cancel' as const), key, of: fc.option(user, { nil: undefined }) }),
)
type Happens = typeof happens extends fc.Arbitrary<infer Each> ? Each : never

interface Sent {
  to: string
  key: string
  isArchived: boolean
}

async function badgesHold(store: Store): Promise<void> {
  const api = await startApi(catalogOf(version), store)
  await publishCatalog(store.db, catalogOf(version))
  try {
    const holds = fc.asyncProperty(fc.array(happens, { minLength: 1, maxLength: 12 }), (life) => lead(api, store, life))
    const seed = process.env['BELAY_SOAK'] === 'true' ? undefined : 20_261_127
    await fc.assert(holds, { seed, numRuns: SEQUENCES, endOnFailure: true })
  } finally {
    await api.close()
  }
}

/** All of a life, and then the badge of each page against the feed that is fetched anew, and against what was done. */
async function lead(api: ApiServer, store: Store, life: readonly Happens[]): Promise<void> {
  const own = randomUUID()
  const nameOf = (who: string) => `${who}-${own}`
  const sent = new Map<string, Sent>()
  const pages = new Map<string, PhoenixPage>()
  for (const who of ['ada', 'grace']) pages.set(who, await PhoenixPage.open(socketUrl(api.url)))
  for (const [who, page] of pages) await page.join(feedChannel.id, nameOf(who), { client_1: { archived: 'exclude' } })
  const feedOf = async (who: string, query = '') => {
    const { body } = await api.call('GET', `/v1/users/${nameOf(who)}/feeds/${feedChannel.id}${query}`)
    return body as { entries: { id: string }[]; meta: Record<string, number> }
  }

  for (const [place, each] of life.entries()) {
    if (each.what === 'notify') {
      const accepted = await accept(store.db, version, `${own} ${each.key} ${place}`, each.to.map(nameOf))
      for (const row of accepted.rows) await walk(store.db, version, row)
      for (const to of each.to) {
        const { entries } = await feedOf(to)
        sent.set(entries[0]!.id, { to, key: `${own} ${each.key} ${place}`, isArchived: false })
      }
    } else if (each.what === 'mark') {
      const theirs = [...sent].filter(([, { to }]) => to === each.of)
      const found = theirs[each.which % (theirs.length || 1)]
      if (found === undefined) continue
      await api.call(each.method, `/v1/messages/${found[0]}/${each.status}`)
      if (each.status === 'archived') found[1].isArchived = each.method === 'PUT'
    } else {
      const keys = new Set(
        [...sent.values()].map((message) => message.key).filter((full) => full.startsWith(`${own} ${each.key}`)),
      )
      for (const cancelation_key of keys) {
        const only: { recipients?: string[] } = each.of === undefined ? {} : { recipients: [nameOf(each.of)] }
        const body = { cancelation_key, archive_sent: true, ...only }
        assert.equal((await api.call('POST', '/v1/workflows/invite/cancel', { body })).status, 200)
        for (const message of sent.values())
          if (message.key === cancelation_key && (each.of ?? message.to) === message.to) message.isArchived = true
      }
    }
  }

  for (const [who, page] of pages) {
    const { meta } = await feedOf(who)
    const left = [...sent.values()].filter(({ to, isArchived }) => to === who && !isArchived)
    assert.equal(meta['total_count'], left.length)
    const counts = [meta['total_count'], meta['unread_count'], meta['unseen_count']]
    await eventually(() => assert.deepEqual(page.counts ?? [0, 0, 0], counts))
    page.close()
  }
}

test('whatever happens to messages, the badge of an open page is right in the end, on PGlite', async () => {
  await badgesHold(await testPglite())
})

test('whatever happens to messages, the badge of an open page is right in the end, on Postgres', async (t) => {
  const database = await testPostgres()
  t.after(() => database.drop())
  await badgesHold(openPostgres(database.url))
})
