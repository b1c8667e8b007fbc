import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { compose, docker } from '../../testing/containers/docker.ts'
import { container, ready, start } from '../../testing/containers/stack.ts'
import { underLoad } from '../../testing/containers/under-load.ts'

const FAULT_MS = 15_000

test('the memory of the worker runs out', async (t) => {
  const { id } = await container('worker')
  const limit = (memory: string) => docker('update', '--memory', memory, '--memory-swap', memory, id)
  await underLoad(
    t,
    'out-of-memory',
    async () => {
      // As much as is in use cannot be taken back: the kernel ends who asks for more.
      await limit('60m').catch(() => docker('kill', '--signal', 'KILL', id))
      await wait(FAULT_MS)
      await limit('1g')
      await start('worker')
    },
    { ends: ['worker'], mayRepeat: true, mayNotKnow: true },
  )
})

test('the /tmp of api and worker is full', (t) =>
  underLoad(t, 'tmp-full', async () => {
    const ids = [(await container('api')).id, (await container('worker')).id]
    const each = (script: string) => Promise.all(ids.map((id) => docker('exec', id, 'sh', '-c', script)))
    try {
      await each('head -c 100m /dev/zero > /tmp/fill || true')
      await wait(FAULT_MS)
    } finally {
      await each('rm /tmp/fill')
    }
  }))

test('SIGHUP to both, then SIGTERM twice to each', (t) =>
  underLoad(
    t,
    'signals',
    async () => {
      for (const service of ['api', 'worker'] as const) {
        const { id } = await container(service)
        for (const signal of ['HUP', 'HUP', 'TERM', 'TERM']) {
          // The second SIGTERM may find nobody.
          await docker('kill', '--signal', signal, id).catch(() => undefined)
          await wait(500)
        }
        await docker('wait', id)
        await start(service)
      }
    },
    { ends: ['api', 'worker'] },
  ))

test('one worker becomes three and one again, and api and worker are restarted twice', (t) =>
  underLoad(
    t,
    'scaled',
    async () => {
      const scale = (workers: number) =>
        compose('up', '--detach', '--no-deps', '--no-recreate', '--scale', `worker=${workers}`, 'worker')
      await scale(3)
      await wait(FAULT_MS)
      await scale(1)
      for (let round = 0; round < 2; round += 1) {
        await compose('restart', 'worker')
        await compose('restart', 'api')
        await ready()
      }
    },
    { perSecond: 10, ends: ['api', 'worker'] },
  ))
