import type client from '@knocklabs/client'
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { feedChannel } from '../../testing/fixtures/seed.ts'
import { PUBLIC_KEY } from '../../testing/product/api-server.ts'
import { commonRows, newestRows, type BrowserRow, type Page } from '../../testing/sdk/browser.ts'
import { openWorld, type World } from '../../testing/sdk/world.ts'

type Client = typeof client.default
const clients = new Map<string, Client>()
let world: World
before(async () => {
  world = await openWorld()
  // What a browser has and the clients ask for: with a window they open sockets. After the store, which would look for it, too.
  Object.assign(globalThis, { window: globalThis, WebSocket })
  const newest = (await import('@knocklabs/client')) as unknown as { default: Client }
  clients.set('0.22.2', newest.default)
  // Its ES modules are for bundlers: Node cannot load them.
  const older = createRequire(import.meta.url)('knock-client-0.8') as { default: Client }
  clients.set('0.8.2', older.default)
})
after(() => world.api.close())

/** What the classes have for themselves, though JavaScript shows it. */
const internal = new Set([
  ...['authStatus', 'syncAuthState', 'log', 'createApiClient', 'maybeScheduleUserTokenExpiration'],
  ...['refreshMakesProgress', 'getUserId', 'initSocketManager', 'handleResponse', 'canMutate', 'socketChannelTopic'],
  ...['broadcast', 'onNewMessageReceived', 'buildUserFeedId', 'optimisticallyPerformStatusUpdate', 'makeStatusUpdate'],
  ...['makeBulkStatusUpdate', 'setupBroadcastChannel', 'broadcastOverChannel', 'initializeRealtimeConnection'],
  ...['handleSocketEvent', 'emitEvent', 'constructor'],
])

function openPage(version: string): Page {
  const user = world.fresh()
  const knock = new (clients.get(version)!)(PUBLIC_KEY, { host: world.api.url })
  // Before its client is asked for, which is another afterwards. 0.8 knows users by their ids alone.
  knock.authenticate((version.startsWith('0.8') ? user : { id: user }) as { id: string })
  const answers: Page['answers'] = []
  const client = knock.client()
  const makeRequest = client.makeRequest.bind(client)
  client.makeRequest = async (request) => {
    const answer = await makeRequest(request)
    answers.push({ status: answer.status, body: answer.body as unknown })
    return answer
  }
  return { knock, feed: knock.feeds.initialize(feedChannel.id), user, answers }
}

function methodsOf({ knock, feed }: Page): string[] {
  const own = (part: object) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(part)).filter((name) => !internal.has(name))
  const parts = ['feeds', 'preferences', 'user', 'messages', 'objects', 'slack', 'msTeams'] as const
  const ofParts = parts
    .filter((name) => name in knock)
    .flatMap((name) => own(knock[name]).map((each) => `${name}.${each}`))
  return [...own(knock), ...ofParts, ...own(feed).map((each) => `feed.${each}`)].sort()
}

const versions: [version: string, rows: Record<string, BrowserRow>][] = [
  ['0.22.2', newestRows],
  ['0.8.2', commonRows],
]
for (const [version, rows] of versions) {
  test(`every method of @knocklabs/client ${version} has its row, and none is invented`, () => {
    const page = openPage(version)
    assert.deepEqual(Object.keys(rows).sort(), methodsOf(page))
    page.knock.teardown()
  })

  for (const [method, row] of Object.entries(rows)) {
    test(`${version}: ${method} does what it says, read back by another route`, async () => {
      const page = openPage(version)
      try {
        await row(page, world)
      } finally {
        page.knock.teardown()
      }
    })
  }
}
