import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPglite, query } from '../../store/postgres/database.ts'

test('statements that follow each other in the process leave the event loop its turns', async () => {
  const store = await openPglite(null)
  let turns = 0
  let turn: NodeJS.Immediate
  const count = () => {
    turns += 1
    turn = setImmediate(count)
  }
  turn = setImmediate(count)
  const began = process.cpuUsage()
  await Promise.all(
    Array.from({ length: 1_000 }, () => query(store.db, sql`select count(*) from generate_series(1, 500)`)),
  )
  const { user, system } = process.cpuUsage(began)
  const ms = (user + system) / 1000
  clearImmediate(turn)
  await store.close()
  // One a millisecond of statements, and room for what else the process computes.
  assert.ok(turns > ms / 4, `${turns} turns in ${Math.round(ms)} ms`)
})
