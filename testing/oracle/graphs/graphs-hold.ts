import fc from 'fast-check'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { publishCatalog } from '../../../store/catalog/definitions.ts'
import type { Store } from '../../../store/postgres/database.ts'
import { catalogOfFiles } from '../../fixtures/walked.ts'
import { again, onStore, SEED } from '../sequences-hold.ts'
import { GraphWorld, type Asked } from './graph-world.ts'
import { definitions } from './grow.ts'
import { graphLives } from './life.ts'
import { named, type Node } from './nodes.ts'
import { channels, CHILD, written } from './written.ts'

const child: Node[] = named([
  { type: 'channel', ref: '', when: 'always', over: 'feed', atNoon: false },
  { type: 'delay', ref: '', when: 'always', how: { minutes: 10 } },
  { type: 'channel', ref: '', when: 'always', over: 'main', atNoon: false },
])

/**
 * Leads so many lives of definitions grown at random, of every kind of step, over an empty store, which it closes; rejects
 * with the shortest that does not hold. The seed that is printed makes all of it come again, with the same count.
 */
export async function graphsHold(store: Store, count: number): Promise<void> {
  const seed = again.seed ?? SEED ?? Math.floor(Math.random() * 2 ** 31)
  const grown = definitions(Math.min(count, 1_000), seed)
  const answers = await answering()
  let place = -1
  const files = { [CHILD]: written(child, answers) }
  const filesOf = (version: 0 | 1) =>
    Object.fromEntries(grown.map((versions, index) => [keyOf(index), written(versions[version], answers)]))
  const read = (version: 0 | 1) => catalogOfFiles({ ...files, ...filesOf(version) }, { 'channels.json': channels })
  try {
    const catalogs = [await read(0), await read(1)] as const
    const versionOf = (nodes: readonly Node[], key: string, version: 0 | 1) => {
      return { nodes, read: catalogs[version].definitions.get(key)! }
    }
    await onStore(catalogs[1], store, async (context) => {
      await publishCatalog(context.store.db, catalogs[0])
      const holds = fc.asyncProperty(graphLives(grown.length), async ({ definition, shared, first, steps }) => {
        const world = await GraphWorld.open(context, {
          key: keyOf(definition),
          versions: [
            versionOf(grown[definition]![0], keyOf(definition), 0),
            versionOf(grown[definition]![1], keyOf(definition), 1),
          ],
          child: versionOf(child, CHILD, 0),
          shared,
          place: (place += 1),
        })
        answers.heard = (asked) => world.asked(asked)
        await world.do(first)
        for (const step of steps) await world.do(step)
        await world.finish()
      })
      await fc.assert(holds, {
        ...again,
        seed,
        numRuns: count,
        includeErrorInReport: true,
        endOnFailure: process.env['BELAY_MODEL_SHRINK'] !== 'true',
      })
    })
  } finally {
    answers.close()
  }
}

const keyOf = (index: number) => `graph_${index}`

const statuses: Record<string, number> = { good: 200, gone: 404, down: 503 }

/** Answers fetches as their paths ask for, once `heard` has been told of them; its callers see to what that rejects with. */
async function answering() {
  const server = createServer(({ url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://127.0.0.1')
    const [, answer = '', ref = ''] = pathname.split('/')
    void answers.heard({ ref, text: searchParams.get('of') ?? '' }).finally(() => {
      response.writeHead(statuses[answer] ?? 500, { 'content-type': 'application/json', connection: 'close' })
      response.end('{"fetched": true}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const answers = {
    url: `http://127.0.0.1:${port}`,
    heard: (_asked: Asked): Promise<void> => Promise.resolve(),
    close: () => void server.close(),
  }
  return answers
}
