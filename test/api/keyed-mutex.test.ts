import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyedMutex } from '../../engine/keyed-mutex.ts'

test('work for one key is done one after the other, in its order, also after a failure; other keys do not wait', async () => {
  const mutex = new KeyedMutex()
  const told: string[] = []
  let open!: () => void
  const gate = new Promise<void>((resolve) => (open = resolve))
  const first = mutex.run('a', async () => {
    await gate
    told.push('a1')
    throw new Error('a1 failed')
  })
  const second = mutex.run('a', () => Promise.resolve(told.push('a2')))
  await mutex.run('b', () => Promise.resolve(told.push('b1')))
  await mutex.run(null, () => Promise.resolve(told.push('none')))
  assert.deepEqual(told, ['b1', 'none'])
  open()
  await assert.rejects(first, /a1 failed/)
  await second
  assert.deepEqual(told, ['b1', 'none', 'a1', 'a2'])
})

test('a queue that moves is waited for, however long it is; work that is stuck is passed by', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  const tick = async (ms: number) => {
    t.mock.timers.tick(ms)
    for (let i = 0; i < 20; i += 1) await Promise.resolve()
  }
  const mutex = new KeyedMutex()
  const under = new Set<string>()
  const ends: (() => void)[] = []
  const queue = (name: string) =>
    void mutex.run('a', async () => {
      under.add(name)
      await new Promise<void>((resolve) => ends.push(resolve))
      under.delete(name)
    })
  for (const name of ['1', '2', '3', '4']) queue(name)
  await tick(0)
  // The last of them has waited for 4.5 s by now, and nobody for more than 2 s for the one before.
  for (const name of ['1', '2', '3']) {
    await tick(1_500)
    assert.deepEqual([...under], [name])
    ends.shift()!()
    await tick(0)
  }
  assert.deepEqual([...under], ['4'])
  queue('5')
  await tick(0)
  await tick(1_900)
  assert.deepEqual([...under], ['4'])
  await tick(200)
  assert.deepEqual([...under], ['4', '5'])
})

test('nobody waits for longer than ten seconds, though each before them takes less than two', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  const mutex = new KeyedMutex()
  let begun = 0
  for (let i = 0; i < 20; i += 1) {
    void mutex.run('a', () => {
      begun += 1
      return new Promise((resolve) => setTimeout(resolve, 1_000))
    })
  }
  for (let s = 0; s < 99; s += 1) {
    t.mock.timers.tick(100)
    for (let i = 0; i < 20; i += 1) await Promise.resolve()
  }
  assert.ok(begun >= 9 && begun <= 11, `${begun} have begun`)
  t.mock.timers.tick(200)
  for (let i = 0; i < 20; i += 1) await Promise.resolve()
  assert.equal(begun, 20)
})
