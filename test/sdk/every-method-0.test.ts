import { Knock as Knock4 } from 'knock-node-0.4'
import { Knock } from 'knock-node-0.6'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SECRET_KEY } from '../../testing/product/api-server.ts'
import { node04 } from '../../testing/sdk/node-0-4.ts'
import { node0 } from '../../testing/sdk/node-0.ts'
import { methodsOf, openWorld, type Row, type World } from '../../testing/sdk/world.ts'

let world: World
before(async () => {
  world = await openWorld()
})
after(() => world.api.close())

const nowhere = { host: 'http://127.0.0.1' }
/** 0.4 has what 0.6 has, and more: one table serves both. */
const rows4 = { ...(node0 as Record<string, Row<unknown>>), ...(node04 as Record<string, Row<unknown>>) }
const versions: [version: string, offered: string[], rows: Record<string, Row<unknown>>, open: () => unknown][] = [
  [
    '0.6.19',
    methodsOf(new Knock(SECRET_KEY, nowhere)),
    node0 as Record<string, Row<unknown>>,
    () => new Knock(SECRET_KEY, { host: world.api.url }),
  ],
  ['0.4.26', methodsOf(new Knock4(SECRET_KEY, nowhere)), rows4, () => new Knock4(SECRET_KEY, { host: world.api.url })],
]

for (const [version, offered, rows, open] of versions) {
  test(`every method of @knocklabs/node ${version} has its row`, () => {
    assert.ok(offered.length > 70, `${offered.length} methods`)
    const missing = offered.filter((method) => !(method in rows))
    assert.deepEqual(missing, [])
  })

  for (const method of offered.filter((name) => name in rows)) {
    test(`${version}: ${method} does what it says, read back by another route`, () => rows[method]!(open(), world))
  }
}
