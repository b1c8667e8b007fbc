import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { kill, ready, services, start, type Service } from '../../testing/containers/stack.ts'
import { underLoad } from '../../testing/containers/under-load.ts'

const AWAY_MS = 3_000

for (const together of [['api', 'mailpit'], ['postgres'], ['temporal'], ['worker']] as Service[][]) {
  test(`${together.join(' and ')}: killed and started again`, (t) => {
    const fault = async () => {
      await kill(...together)
      await wait(AWAY_MS)
      await start(...together)
    }
    return underLoad(t, `kill-${together.join('-and-')}`, fault, {
      ends: together,
      mayRepeat: together.includes('worker'),
      mayNotKnow: together.includes('worker') || together.includes('mailpit'),
    })
  })
}

test('all are killed at once, and started at once', (t) => {
  const fault = async () => {
    await kill(...services)
    await wait(AWAY_MS)
    const from = performance.now()
    await start(...services)
    await ready()
    t.diagnostic(`ready ${((performance.now() - from) / 1_000).toFixed(1)} s after the start of all`)
  }
  return underLoad(t, 'kill-all', fault, { ends: [...services], mayRepeat: true, mayNotKnow: true })
})
