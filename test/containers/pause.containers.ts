import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { pause, unpause, type Service } from '../../testing/containers/stack.ts'
import { underLoad } from '../../testing/containers/under-load.ts'

const PAUSED_MS = 15_000

for (const together of [['postgres'], ['temporal', 'mailpit'], ['api', 'worker']] as Service[][]) {
  test(`${together.join(' and ')} stand still for a quarter of a minute`, (t) => {
    const fault = async () => {
      await pause(...together)
      await wait(PAUSED_MS).finally(() => unpause(...together))
    }
    return underLoad(t, `pause-${together.join('-and-')}`, fault, {
      mayRepeat: together.includes('worker'),
      mayNotKnow: together.includes('worker') || together.includes('mailpit'),
    })
  })
}
