import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { pause, unpause, type Service } from '../../testing/containers/stack.ts'
import { underLoad } from '../../testing/containers/under-load.ts'

const PAUSED_MS = 20_000

for (const service of ['api', 'postgres', 'temporal', 'mailpit', 'worker'] satisfies Service[]) {
  test(`${service} stands still for twenty seconds`, (t) => {
    const fault = async () => {
      await pause(service)
      await wait(PAUSED_MS).finally(() => unpause(service))
    }
    return underLoad(t, `pause-${service}`, fault, {
      mayRepeat: service === 'worker',
      mayNotKnow: service === 'worker' || service === 'mailpit',
    })
  })
}
