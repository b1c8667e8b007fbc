import assert from 'node:assert/strict'
import fc from 'fast-check'
import { after, before, test } from 'node:test'
import { catalog, feedChannel, seedChannels, seedMessage, seedTrigger } from '../../testing/fixtures/seed.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'

let api: ApiServer
before(async () => {
  api = await startApi(catalog)
  await seedChannels(api.deps.store.db)
})
after(() => api.close())

const T = Date.UTC(2026, 0, 1)
let users = 0

interface Page {
  items?: { id: string }[]
  entries?: { id: string }[]
  page_info: { after: string | null; before: string | null }
}

/** What happens between two pages: a row comes at a minute, which others may share, or the n-th of those there changes. */
const change = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), minute: fc.integer({ min: 0, max: 6 }) }),
  fc.record({ kind: fc.constantFrom('archived' as const, 'unarchived' as const), n: fc.nat({ max: 20 }) }),
)
const story = fc.record({
  minutes: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 8 }),
  size: fc.integer({ min: 1, max: 4 }),
  between: fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 5 }),
  backwards: fc.boolean(),
})

/** One list of one user: their feed, which leaves out what is archived, or their messages, which does not. */
class List {
  readonly #user = `paged${(users += 1)}`
  readonly #path: string
  readonly ids: string[] = []
  /** Those that were archived at any time while the list was read. */
  readonly everArchived = new Set<string>()
  readonly #archived = new Set<string>()

  constructor(kind: 'feed' | 'messages') {
    this.#path = `/v1/users/${this.#user}/${kind === 'feed' ? `feeds/${feedChannel.id}` : 'messages'}`
  }

  async add(minute: number): Promise<void> {
    const { db } = api.deps.store
    const acceptedAt = new Date(T + minute * 60_000)
    const [row] = await seedTrigger(db, { recipients: [this.#user], acceptedAt })
    this.ids.push(await seedMessage(db, row!))
  }

  async change(given: { kind: 'archived' | 'unarchived'; n: number }): Promise<void> {
    const id = this.ids[given.n % this.ids.length]!
    await api.call(given.kind === 'archived' ? 'PUT' : 'DELETE', `/v1/messages/${id}/archived`)
    if (given.kind === 'archived') {
      this.#archived.add(id)
      this.everArchived.add(id)
    } else this.#archived.delete(id)
  }

  isArchived(id: string): boolean {
    return this.#archived.has(id)
  }

  async page(query: Record<string, string>): Promise<{ ids: string[]; after: string | null; before: string | null }> {
    const { status, body } = await api.call('GET', `${this.#path}?${new URLSearchParams(query).toString()}`)
    assert.equal(status, 200, JSON.stringify(body))
    const { items, entries, page_info } = body as Page
    return { ids: (items ?? entries ?? []).map(({ id }) => id), ...page_info }
  }
}

for (const kind of ['messages', 'feed'] as const) {
  test(`pages of ${kind}, in both directions, hold each row that stays once, while others come and are archived`, async () => {
    await fc.assert(
      fc.asyncProperty(story, async ({ minutes, size, between, backwards }) => {
        const list = new List(kind)
        for (const minute of minutes) await list.add(minute)
        const stayed = [...list.ids]
        const page_size = String(size)
        const seen: string[] = []
        // Backwards it begins at the end of the list, from the cursor of its last row.
        const all = await list.page({ page_size: '50' })
        let page = await list.page({ page_size })
        if (backwards) {
          for (let next = page.after; next !== null; next = page.after)
            page = await list.page({ page_size, after: next })
        }
        for (let turn = 0; ; turn += 1) {
          for (const id of page.ids) assert.ok(!seen.includes(id), 'no row comes twice')
          if (kind === 'feed') for (const id of page.ids) assert.ok(!list.isArchived(id), 'an archived one is left out')
          assert.ok(page.ids.length <= size)
          seen.push(...(backwards ? [...page.ids].reverse() : page.ids))
          for (const each of between[turn] ?? []) {
            if (each.kind === 'add') await list.add(each.minute)
            else await list.change(each)
          }
          const cursor = backwards ? page.before : page.after
          if (cursor === null) break
          page = await list.page(backwards ? { page_size, before: cursor } : { page_size, after: cursor })
        }
        const kept = stayed.filter((id) => kind === 'messages' || !list.everArchived.has(id))
        for (const id of kept) assert.ok(seen.includes(id), 'no row that stayed is left out')
        // In the order of the list, whatever came in between.
        const order = all.ids.filter((id) => seen.includes(id))
        const found = seen.filter((id) => order.includes(id))
        assert.deepEqual(backwards ? found.reverse() : found, order)
      }),
      { numRuns: 25 },
    )
  })
}
