import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { cannotDropPackets, cut, heal } from '../../testing/containers/network.ts'
import { container, type Service } from '../../testing/containers/stack.ts'
import { underLoad } from '../../testing/containers/under-load.ts'

type Pair = [Service, Service]
/** Two at a time, where neither has a part in the other. */
const cuts: [Pair, Pair][] = [
  [
    ['api', 'postgres'],
    ['worker', 'temporal'],
  ],
  [
    ['api', 'temporal'],
    ['worker', 'postgres'],
  ],
  [
    ['temporal', 'postgres'],
    ['worker', 'mailpit'],
  ],
]
/** Longer than a statement, and than a ping of gRPC's, may last. */
const CUT_MS = 25_000

for (const pairs of cuts) {
  const name = pairs.map((pair) => pair.join(' and ')).join(', nor between ')
  test(`no packet passes between ${name}`, { skip: cannotDropPackets }, (t) => {
    const fault = async () => {
      const froms = await Promise.all(pairs.map(([one]) => container(one)))
      try {
        for (const [at, [, other]] of pairs.entries()) await cut(froms[at]!, await container(other))
        await wait(CUT_MS)
      } finally {
        await Promise.all(froms.map(heal))
      }
    }
    // A mail server that takes a mail and is not heard: nobody knows.
    const mayNotKnow = pairs.flat().includes('mailpit')
    return underLoad(t, `cut-${pairs.map((pair) => pair.join('-')).join('-and-')}`, fault, { mayNotKnow })
  })
}
