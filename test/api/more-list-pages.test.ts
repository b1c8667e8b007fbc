import assert from 'node:assert/strict'
import fc from 'fast-check'
import { after, before, test } from 'node:test'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

let api: ApiServer
before(async () => {
  api = await startApi(catalogOf(testVersion('invite', ['feed'])))
  await publishCatalog(api.deps.store.db, api.deps.catalog)
})
after(() => api.close())

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'
interface Entry {
  id?: string
  recipient?: Entry
  object?: Entry
}
interface Page {
  entries: Entry[]
  page_info: { after: string | null; before: string | null }
}

async function ok(method: Method, path: string, body?: object): Promise<unknown> {
  const answer = await api.call(method, path, body === undefined ? {} : { body })
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** A list, how things get into it and out of it by their name, and what an entry is called. */
interface List {
  path: string
  add(name: string): Promise<unknown>
  /** Written again: it stays where it is. */
  touch(name: string): Promise<unknown>
  remove(name: string): Promise<unknown>
  nameOf(entry: Entry): string
}

let stories = 0
/** Each in a list of its own, or among others' names that it leaves out. */
const lists: Record<string, (n: number) => List> = {
  users: (n) => named('/v1/users', (name) => `/v1/users/s${n}-${name}`, n),
  tenants: (n) => named('/v1/tenants', (name) => `/v1/tenants/s${n}-${name}`, n),
  objects: (n) => named(`/v1/objects/c${n}`, (name) => `/v1/objects/c${n}/s${n}-${name}`, n),
  'the subscribers of an object': (n) => {
    const path = `/v1/objects/teams/t${n}/subscriptions`
    const subscribe = (name: string) => ok('POST', path, { recipients: [`s${n}-${name}`], properties: { at: 1 } })
    return {
      path,
      add: subscribe,
      touch: subscribe,
      remove: (name) => ok('DELETE', path, { recipients: [`s${n}-${name}`] }),
      nameOf: ({ recipient }) => recipient!.id!.split('-')[1]!,
    }
  },
  'what a user subscribes to': (n) => {
    const of = (name: string) => `/v1/objects/teams/s${n}-${name}/subscriptions`
    const recipients = [`fan${n}`]
    return {
      path: `/v1/users/fan${n}/subscriptions`,
      add: (name) => ok('POST', of(name), { recipients }),
      touch: (name) => ok('POST', of(name), { recipients, properties: { at: 2 } }),
      remove: (name) => ok('DELETE', of(name), { recipients }),
      nameOf: ({ object }) => object!.id!.split('-')[1]!,
    }
  },
  'the schedules of a user': (n) => {
    const ids = new Map<string, string>()
    const repeats = [{ frequency: 'daily', hours: 8 }]
    return {
      path: `/v1/users/planned${n}/schedules`,
      async add(name) {
        // Several are of one instant: their ids come next in the order.
        const body = { workflow: 'invite', recipients: [`planned${n}`], repeats, data: { name } }
        const [made] = (await ok('POST', '/v1/schedules', body)) as { id: string }[]
        ids.set(name, made!.id)
        api.clock.now += name.charCodeAt(0) % 2
      },
      touch: (name) => ok('PUT', '/v1/schedules', { schedule_ids: [ids.get(name)], data: { name, again: true } }),
      remove: (name) => ok('DELETE', '/v1/schedules', { schedule_ids: [ids.get(name)] }),
      nameOf: (entry) => (entry as { data: { name: string } }).data.name,
    }
  },
}

function named(path: string, of: (name: string) => string, n: number): List {
  return {
    path,
    add: (name) => ok('PUT', of(name), { name }),
    touch: (name) => ok('PUT', of(name), { name, again: true }),
    remove: (name) => ok('DELETE', of(name)),
    nameOf: ({ id }) => (id!.startsWith(`s${n}-`) ? id!.split('-')[1]! : ''),
  }
}

const LETTERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l']
const letter = fc.constantFrom(...LETTERS)
const change = fc.record({ do: fc.constantFrom('add', 'touch', 'remove'), name: letter })
const story = fc.record({
  names: fc.uniqueArray(letter, { minLength: 1, maxLength: 8 }),
  size: fc.integer({ min: 1, max: 4 }),
  between: fc.array(fc.array(change, { maxLength: 2 }), { maxLength: 5 }),
  backwards: fc.boolean(),
})

for (const [what, open] of Object.entries(lists)) {
  test(`pages of ${what}, in both directions, hold each row that stays once, while others come and go`, async () => {
    await fc.assert(
      fc.asyncProperty(story, async ({ names, size, between, backwards }) => {
        const list = open((stories += 1))
        const there = new Set<string>()
        const stays = new Set(names)
        const page = async (query: Record<string, string>) => {
          const asked = new URLSearchParams({ page_size: String(size), ...query })
          const { entries, page_info } = (await ok('GET', `${list.path}?${asked.toString()}`)) as Page
          assert.ok(entries.length <= size)
          return { names: entries.map((entry) => list.nameOf(entry)).filter((name) => name !== ''), ...page_info }
        }
        const apply = async ({ do: what, name }: { do: string; name: string }) => {
          if (what === 'add' && !there.has(name)) await list.add(name).then(() => there.add(name))
          else if (what === 'touch' && there.has(name)) await list.touch(name)
          else if (what === 'remove' && there.has(name)) {
            await list.remove(name)
            there.delete(name)
            stays.delete(name)
          }
        }
        for (const name of names) await apply({ do: 'add', name })

        let now = await page({})
        if (backwards) for (let next = now.after; next !== null; next = now.after) now = await page({ after: next })
        const seen: string[] = []
        for (let turn = 0; ; turn += 1) {
          for (const name of now.names) assert.ok(!seen.includes(name) || !stays.has(name), `${name} comes twice`)
          seen.push(...(backwards ? [...now.names].reverse() : now.names))
          for (const each of between[turn] ?? []) await apply(each)
          const cursor = backwards ? now.before : now.after
          if (cursor === null) break
          now = await page(backwards ? { before: cursor } : { after: cursor })
        }
        for (const name of stays) assert.ok(seen.includes(name), `${name} stayed and is left out`)
        for (const name of there) await list.remove(name)
      }),
      { numRuns: 12 },
    )
  })
}
