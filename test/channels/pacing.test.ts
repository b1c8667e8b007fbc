import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pacing } from '../../channels/pacing.ts'
import type { Channel } from '../../definitions/catalog.ts'
import { channelTypes } from '../../channels/registry.ts'

const never = new AbortController().signal

function channel(settings: Record<string, never> | object = {}, key = 'hook'): Channel {
  const id = '1b7e5b34-6a55-5b0e-9d8e-1f6a2f3b4c5d'
  return { key, id, type: 'http', name: 'Hook', provider: 'http', settings: settings as Channel['settings'] }
}

/** Sends that end when told, and the most there were at once. */
function provider() {
  const open: (() => void)[] = []
  const seen = { started: 0, most: 0 }
  return {
    seen,
    send: () => {
      seen.started += 1
      return new Promise<string>((resolve) => {
        open.push(() => resolve('sent'))
        seen.most = Math.max(seen.most, open.length)
      })
    },
    async answerAll() {
      for (let idle = 0; idle < 3; idle += 1) {
        await new Promise(setImmediate)
        if (open.length > 0) idle = 0
        open.shift()?.()
      }
    },
  }
}

test('two chunks in flight share the concurrency of their channel, and another channel has its own', async () => {
  const pacing = new Pacing()
  const [far, other] = [provider(), provider()]
  const chunk = () => Array.from({ length: 10 }, () => pacing.turn(channel({ concurrency: 3 }), 20, never, far.send))
  const sends = [...chunk(), ...chunk()]
  const elsewhere = Array.from({ length: 6 }, () => pacing.turn(channel({}, 'other'), 5, never, other.send))
  await Promise.all([far.answerAll(), other.answerAll()])
  assert.deepEqual(await Promise.all(sends), Array(20).fill('sent'))
  await Promise.all(elsewhere)
  assert.equal(far.seen.most, 3)
  assert.equal(other.seen.most, 5, 'the default of its type')
})

test('a channel starts no more sends a second than its rate limit, however many wait', async () => {
  const pacing = new Pacing()
  const starts: number[] = []
  const limited = channel({ rate_limit: { per_second: 50 } })
  const send = () => Promise.resolve(starts.push(performance.now()))
  await Promise.all(Array.from({ length: 11 }, () => pacing.turn(limited, 20, never, send)))
  assert.equal(starts.length, 11)
  const took = starts.at(-1)! - starts[0]!
  assert.ok(took >= 10 * 20 - 25, `ten intervals of 20 ms took ${took} ms`)
})

test('whoever has not had their turn when the chunk is handed back is not sent to, and leaves no gap', async () => {
  const pacing = new Pacing()
  const slow = channel({ rate_limit: { per_second: 0.1 } })
  const stop = new AbortController()
  let started = 0
  const send = () => Promise.resolve((started += 1))
  await pacing.turn(slow, 5, never, send)
  const waiting = Array.from({ length: 8 }, () => pacing.turn(slow, 5, stop.signal, send))
  stop.abort()
  assert.deepEqual(await Promise.all(waiting), Array(8).fill(undefined))
  assert.equal(started, 1)
})

test('a send that fails gives its turn to the next', async () => {
  const pacing = new Pacing()
  const one = channel({ concurrency: 1 })
  const failed = pacing.turn(one, 5, never, () => Promise.reject(new Error('no')))
  const next = pacing.turn(one, 5, never, () => Promise.resolve('sent'))
  await assert.rejects(failed, /no/)
  assert.equal(await next, 'sent')
})

test('a pace that no provider could have is refused when channels.json is read', () => {
  const { email, http } = channelTypes
  for (const { settings: schema } of [email.providers.smtp!, http.providers.http!]) {
    assert.ok(schema.safeParse({ concurrency: 100, rate_limit: { per_second: 0.1 } }).success)
    for (const concurrency of [0, 101, 1.5, '5']) {
      assert.deepEqual(schema.safeParse({ concurrency }).error?.issues[0]?.path, ['concurrency'])
    }
    for (const per_second of [0, 1_001, '5']) {
      const { error } = schema.safeParse({ rate_limit: { per_second } })
      assert.deepEqual(error?.issues[0]?.path, ['rate_limit', 'per_second'])
    }
    assert.deepEqual(schema.safeParse({ rate_limit: { per_minute: 5 } }).success, false)
  }
})
