import Knock from 'knock-node-1'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SECRET_KEY } from '../../testing/product/api-server.ts'
import { node1 } from '../../testing/sdk/node-1.ts'
import { methodsOf, openWorld, type World } from '../../testing/sdk/world.ts'

let world: World
let sdk: Knock
before(async () => {
  world = await openWorld()
  sdk = new Knock({ apiKey: SECRET_KEY, baseURL: world.api.url, maxRetries: 0 })
})
after(() => world.api.close())

test('every method of @knocklabs/node 1.35 has its row, and none is invented', () => {
  assert.deepEqual(Object.keys(node1).sort(), methodsOf(sdk))
})

for (const [method, row] of Object.entries(node1)) {
  test(`${method} does what it says, read back by another route`, () => row(sdk, world))
}
