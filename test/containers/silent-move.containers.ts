import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cannotDropPackets, cut, heal, takeAddress } from '../../testing/containers/network.ts'
import { container, containers, kill, readiness, ready, start, type Service } from '../../testing/containers/stack.ts'
import { docker } from '../../testing/containers/docker.ts'
import { underLoad } from '../../testing/containers/under-load.ts'

const HEALED_MS = 60_000

for (const service of ['postgres', 'temporal'] satisfies Service[]) {
  test(`${service} is gone without a word, and back at another address`, { skip: cannotDropPackets }, (t) => {
    const fault = async () => {
      const old = await container(service)
      const image = await docker('inspect', '-f', '{{.Config.Image}}', (await container('api')).id)
      const others = (await containers()).filter((each) => each.service !== service)
      for (const other of others) await cut(other, old.address)
      await kill(service)
      const giveBack = await takeAddress(old.address, image)
      try {
        await start(service)
        assert.notEqual((await container(service)).address, old.address)
        const from = performance.now()
        await ready(undefined, HEALED_MS)
        t.diagnostic(
          `ready ${((performance.now() - from) / 1_000).toFixed(1)} s after ${service} moved: ${await readiness()}`,
        )
      } finally {
        for (const other of others) await heal(other)
        await giveBack()
      }
    }
    return underLoad(t, `move-${service}`, fault, { ends: [service], perSecond: 10 })
  })
}
