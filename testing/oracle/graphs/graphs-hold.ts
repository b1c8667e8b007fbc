import fc from 'fast-check'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Store } from '../../../store/postgres/database.ts'
import { catalogOfFiles } from '../../fixtures/walked.ts'
import { again, onStore, SEED } from '../sequences-hold.ts'
import { GraphWorld } from './graph-world.ts'
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
  const files: Record<string, object> = { [CHILD]: written(child, answers) }
  grown.forEach((nodes, index) => (files[keyOf(index)] = written(nodes, answers)))
  try {
    const catalog = await catalogOfFiles(files, { 'channels.json': channels })
    await onStore(catalog, store, async (context) => {
      const holds = fc.asyncProperty(graphLives(grown.length), async ({ definition, shared, first, steps }) => {
        const world = await GraphWorld.open(context, {
          key: keyOf(definition),
          nodes: grown[definition]!,
          child,
          shared,
          place: (place += 1),
        })
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

/** Answers fetches as their paths ask for. */
async function answering() {
  const statuses: Record<string, number> = { '/good': 200, '/gone': 404, '/down': 503 }
  const server = createServer(({ url }, response) => {
    response.writeHead(statuses[url ?? ''] ?? 500, { 'content-type': 'application/json', connection: 'close' })
    response.end('{"fetched": true}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() }
}
