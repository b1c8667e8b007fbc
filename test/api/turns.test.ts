import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from '../../api/turns.ts'

test('work for one key is done one after the other, in its order, also after a failure; other keys do not wait', async () => {
  const turns = new Turns()
  const told: string[] = []
  let open!: () => void
  const gate = new Promise<void>((resolve) => (open = resolve))
  const first = turns.run('a', async () => {
    await gate
    told.push('a1')
    throw new Error('a1 failed')
  })
  const second = turns.run('a', () => Promise.resolve(told.push('a2')))
  await turns.run('b', () => Promise.resolve(told.push('b1')))
  await turns.run(null, () => Promise.resolve(told.push('none')))
  assert.deepEqual(told, ['b1', 'none'])
  open()
  await assert.rejects(first, /a1 failed/)
  await second
  assert.deepEqual(told, ['b1', 'none', 'a1', 'a2'])
})
