import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { compose, docker } from '../../testing/containers/docker.ts'
import { containers } from '../../testing/containers/stack.ts'
import { underLoad } from '../../testing/containers/under-load.ts'

const WORK_MS = 5_000

test('of three workers one is killed and one is stopped', async (t) => {
  await compose('up', '--detach', '--wait', '--no-deps', '--no-recreate', '--scale', 'worker=3', 'worker')
  try {
    const fault = async () => {
      const [first, second] = await containers('worker')
      await docker('kill', first!.id)
      await wait(WORK_MS)
      await docker('stop', '--time', '30', second!.id)
      await wait(WORK_MS)
    }
    await underLoad(t, 'workers', fault, { perSecond: 10, mayRepeat: true, mayNotKnow: true })
  } finally {
    await compose('up', '--detach', '--wait', '--no-deps', '--scale', 'worker=1', 'worker')
  }
})
