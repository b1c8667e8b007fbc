import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { compose, docker } from '../../testing/containers/docker.ts'
import { container, kill, sql, start } from '../../testing/containers/stack.ts'
import { underLoad } from '../../testing/containers/under-load.ts'

const FAULT_MS = 20_000
/** Longer than a lease. */
const OUTAGE_MS = 45_000
const CUT_ALL = `select pg_terminate_backend(pid) from pg_stat_activity where datname = 'belay' and pid <> pg_backend_pid()`

test('Postgres takes no writes, as a standby after a failover', (t) =>
  underLoad(t, 'read-only', async () => {
    try {
      await sql('alter system set default_transaction_read_only = on')
      await sql('select pg_reload_conf()')
      await wait(FAULT_MS)
    } finally {
      await sql('alter system reset default_transaction_read_only')
      await sql('select pg_reload_conf()')
    }
  }))

test('somebody else has all connections of the role', (t) =>
  underLoad(t, 'no-connections', async () => {
    try {
      await sql('alter role belay connection limit 0')
      await sql(CUT_ALL)
      await wait(FAULT_MS)
    } finally {
      await sql('alter role belay connection limit -1')
    }
  }))

test('Postgres refuses the user by pg_hba.conf', (t) =>
  underLoad(t, 'pg-hba', async () => {
    const { id } = await container('postgres')
    const file = await sql('show hba_file')
    const edit = (script: string) => docker('exec', id, 'sh', '-c', script)
    try {
      await edit(`cp ${file} ${file}.kept && sed -i '1i host all belay all reject' ${file}`)
      await sql('select pg_reload_conf()')
      await sql(CUT_ALL)
      await wait(FAULT_MS)
    } finally {
      await edit(`cat ${file}.kept > ${file}`)
      await sql('select pg_reload_conf()')
    }
  }))

test('Postgres is away for longer than a lease, and of three workers none ends', async (t) => {
  const scale = (workers: number) =>
    compose('up', '--detach', '--wait', '--no-deps', '--no-recreate', '--scale', `worker=${workers}`, 'worker')
  await scale(3)
  try {
    const fault = async () => {
      await kill('postgres')
      await wait(OUTAGE_MS)
      await start('postgres')
    }
    await underLoad(t, 'long-outage', fault, { ends: ['postgres'] })
  } finally {
    await scale(1)
  }
})
