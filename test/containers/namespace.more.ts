import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { compose } from '../../testing/containers/docker.ts'
import { underLoad } from '../../testing/containers/under-load.ts'

const AWAY_MS = 20_000

test('Temporal’s namespace is deleted and made anew: what it knew is made again from the store', (t) =>
  underLoad(
    t,
    'namespace',
    async () => {
      const run = ['run', '--rm', '--no-deps']
      const command = 'temporal operator namespace delete --namespace belay --yes'
      await compose(...run, '--entrypoint', 'sh', 'temporal-namespace', '-c', command)
      await wait(AWAY_MS)
      await compose(...run, 'temporal-namespace')
      await compose(...run, 'migrate')
    },
    { ends: ['worker'] },
  ))
