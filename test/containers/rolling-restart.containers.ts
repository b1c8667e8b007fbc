import { test } from 'node:test'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { balancer, noBalancer } from '../../testing/containers/balancer.ts'
import { compose, docker, root } from '../../testing/containers/docker.ts'
import { containers, ready } from '../../testing/containers/stack.ts'
import { underLoad } from '../../testing/containers/under-load.ts'

const PORT = 4000
/** Until a balancer that asks every two seconds has seen an api come back. */
const NOTICED_MS = 5_000

test(
  'two apis behind HAProxy are restarted one after the other, and no call fails',
  { skip: noBalancer },
  async (t) => {
    // Several cannot have the one port of the host.
    const files = ['docker-compose.yml', 'test/containers/no-port.yml'].flatMap((file) => ['-f', join(root, file)])
    await compose(...files, 'up', '--detach', '--wait', '--no-deps', '--scale', 'api=2', 'api')
    const apis = await containers('api')
    const between = await balancer(apis.map(({ address }) => `${address}:${PORT}`))
    try {
      const fault = async () => {
        for (const { id, address } of apis) {
          await docker('restart', '--time', '30', id)
          await ready(`http://${address}:${PORT}`)
          await wait(NOTICED_MS)
        }
      }
      await underLoad(t, 'rolling-restart', fault, { ends: ['api'], perSecond: 10, unnoticed: true, url: between.url })
    } finally {
      await between.close()
      await compose('up', '--detach', '--wait', '--no-deps', '--scale', 'api=1', 'api')
    }
  },
)
