import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { cannotDropPackets, heal } from '../../testing/containers/network.ts'
import { deafen, forgetConnections, lose, loseNames, refuse } from '../../testing/containers/rules.ts'
import { container, containers, sql, type Container } from '../../testing/containers/stack.ts'
import { underLoad, type Fault } from '../../testing/containers/under-load.ts'

const FAULT_MS = 25_000
const LOSS = 0.3
const CUT_ALL = `select pg_terminate_backend(pid) from pg_stat_activity where datname = 'belay' and pid <> pg_backend_pid()`

type Stack = Record<'api' | 'worker' | 'postgres' | 'temporal' | 'mailpit', Container>

const links: [name: string, fault: (stack: Stack) => Promise<void>, options?: Fault][] = [
  [
    'three packets in ten are lost between api and Postgres, and worker and Postgres',
    async ({ api, worker, postgres }) => {
      await lose(api, postgres, LOSS)
      await lose(worker, postgres, LOSS)
    },
  ],
  [
    'three packets in ten are lost between Temporal and both who ask it',
    async ({ api, worker, temporal }) => {
      await lose(api, temporal, LOSS)
      await lose(worker, temporal, LOSS)
    },
  ],
  [
    'Postgres is refused to api and worker by resets, also in the middle of transactions',
    async ({ api, worker, postgres }) => {
      await refuse(api, postgres)
      await refuse(worker, postgres)
    },
  ],
  [
    'one packet in twenty to Postgres is answered with a reset',
    async ({ api, worker, postgres }) => {
      await refuse(api, postgres, 0.05)
      await refuse(worker, postgres, 0.05)
    },
  ],
  [
    'api and worker are heard by Postgres and hear nothing of it',
    async ({ api, worker, postgres }) => {
      await deafen(api, postgres)
      await deafen(worker, postgres)
    },
  ],
  [
    'a firewall has forgotten every open connection to Postgres, Temporal and Mailpit',
    async ({ api, worker, postgres, temporal, mailpit }) => {
      for (const one of [api, worker]) for (const other of [postgres, temporal]) await forgetConnections(one, other)
      await forgetConnections(worker, mailpit)
    },
    { mayNotKnow: true },
  ],
  [
    'names are looked up in vain while every connection to Postgres is ended',
    async ({ api, worker }) => {
      await loseNames(api)
      await loseNames(worker)
      await sql(CUT_ALL)
    },
  ],
  [
    'one packet in ten between worker and Mailpit is answered with a reset',
    ({ worker, mailpit }) => refuse(worker, mailpit, 0.1),
    { mayNotKnow: true },
  ],
]

for (const [name, fault, options] of links) {
  test(name, { skip: cannotDropPackets }, async (t) => {
    const found = await containers()
    const stack = Object.fromEntries(found.map((each) => [each.service, each])) as Stack
    const work = async () => {
      try {
        await fault(stack)
        await wait(FAULT_MS)
      } finally {
        await heal(await container('api'))
        await heal(await container('worker'))
      }
    }
    await underLoad(t, name.replace(/\W+/g, '-').slice(0, 40).toLowerCase(), work, options)
  })
}
