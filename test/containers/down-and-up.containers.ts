import { test } from 'node:test'
import { compose } from '../../testing/containers/docker.ts'
import { services } from '../../testing/containers/stack.ts'
import { underLoad } from '../../testing/containers/under-load.ts'

/** Some are due while nothing is there. */
const SLEEP_S = 15

test('all is taken down and brought up with its volumes, and everybody who slept gets their mail', (t) => {
  const fault = async () => {
    await compose('down', '--timeout', '30')
    await compose('up', '--detach', '--wait')
  }
  return underLoad(t, 'down-and-up', fault, { ends: [...services], sleep: SLEEP_S })
})
