import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { cannotDropPackets, cut, heal } from '../../testing/containers/network.ts'
import { container, type Service } from '../../testing/containers/stack.ts'
import { underLoad } from '../../testing/containers/under-load.ts'

const pairs: [Service, Service][] = [
  ['api', 'postgres'],
  ['api', 'temporal'],
  ['worker', 'postgres'],
  ['worker', 'temporal'],
  ['worker', 'mailpit'],
  ['temporal', 'postgres'],
]
/** Longer than a statement, a transaction, and a ping of gRPC's may last. */
const CUT_MS = 25_000

for (const [one, other] of pairs) {
  test(`no packet passes between ${one} and ${other}`, { skip: cannotDropPackets }, (t) => {
    const fault = async () => {
      const from = await container(one)
      await cut(from, await container(other))
      await wait(CUT_MS).finally(() => heal(from))
    }
    // A mail server that takes a mail and is not heard: nobody knows. A worker that cannot renew its lease has stalled.
    return underLoad(t, `cut-${one}-${other}`, fault, {
      mayRepeat: one === 'worker' && other === 'postgres',
      mayNotKnow: other === 'mailpit' || (one === 'worker' && other === 'postgres'),
    })
  })
}
