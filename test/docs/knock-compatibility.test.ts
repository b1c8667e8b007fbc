import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { knockOperations } from '../../api/http/knock-operations.ts'
import { routes } from '../../api/routes/index.ts'
import { node0 } from '../../testing/sdk/node-0.ts'
import { node1 } from '../../testing/sdk/node-1.ts'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/knock-compatibility.md', root), 'utf8')
const rows = [...page.matchAll(/^\| `([A-Z]+) (\S+)` +\| ([a-z ]+?) +\| (.*?) *\|$/gm)].map(
  ([, method = '', path = '', state = '', note = '']) => ({ method, path, state, note }),
)
const shapeOf = (path: string) => path.replace(/:\w+/g, ':')
const served = new Set(routes.map(({ method, path }) => `${method.toUpperCase()} ${shapeOf(path)}`))

test('every operation of Knock’s API has one row, and no other has one', () => {
  const all = Object.values(knockOperations)
    .flat()
    .map((operation) => operation.replace(/^\w+/, (method) => method.toUpperCase()))
  assert.equal(all.length, 118)
  assert.deepEqual(rows.map(({ method, path }) => `${method} ${path}`).sort(), all.sort())
})

test('what works or differs is a route, and what is not built is none', () => {
  for (const { method, path, state } of rows) {
    assert.ok(['works', 'differs', 'not built'].includes(state), `${method} ${path} is ${state}`)
    assert.equal(state !== 'not built', served.has(`${method} ${shapeOf(path)}`), `${method} ${path} is ${state}`)
  }
})

test('what works names what holds it, and that is there', () => {
  const tables = new Map<string, object>([
    ['node-0', node0],
    ['node-1', node1],
  ])
  for (const { method, path, state, note } of rows) {
    const name = /^`([^`]+)`/.exec(note)?.[1]
    if (state === 'not built' && name === undefined) continue
    assert.ok(name !== undefined, `${method} ${path} names no test`)
    const [table = '', row = ''] = name.split(' ')
    if (table.startsWith('test/')) assert.ok(existsSync(new URL(table, root)), name)
    else assert.ok(row in (tables.get(table) ?? {}), `${method} ${path}: ${name}`)
  }
})

test('the counts at its head are those of its rows', () => {
  const count = (state: string) => rows.filter((row) => row.state === state).length
  const told = /: (\d+) work, (\d+) differ in what is\s+said here, (\d+) are not built/.exec(page)?.slice(1).map(Number)
  assert.deepEqual(told, [count('works'), count('differs'), count('not built')])
})
