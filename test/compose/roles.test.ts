import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import pg from 'pg'
import { startPostgres } from '../../testing/servers/postgres-server.ts'
import { composeFile } from './compose-file.ts'

const skip = spawnSync('psql', ['--version']).status === 0 ? false : 'needs psql'

test(
  'roles and databases are made, again without harm, and each role is kept out of the other’s',
  { skip },
  async () => {
    const server = await startPostgres()
    after(() => server.stop())
    const { hostname, port, username, password } = new URL(server.url)
    const { entrypoint, command, environment } = composeFile().services['postgres-roles']!
    const run = async (passwords: NodeJS.ProcessEnv = {}) => {
      const superuser = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: decodeURIComponent(password) }
      const env = { ...process.env, ...environment, ...superuser, ...passwords }
      const child = spawn(entrypoint![0]!, [entrypoint![1]!, command![0]!], {
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      const said = text(child.stderr)
      const [code] = (await once(child, 'exit')) as [number]
      assert.equal(code, 0, await said)
    }
    const connect = async (user: string, given: string, database: string) => {
      const client = new pg.Client({ host: hostname, port: Number(port), user, password: given, database })
      client.on('error', () => undefined)
      await client.connect()
      return client
    }
    await run()
    await run({ BELAY_PASSWORD: "it's new" })

    for (const [user, given, database] of [
      ['belay', "it's new", 'belay'],
      ['temporal', 'temporal', 'temporal_visibility'],
    ] as const) {
      const client = await connect(user, given, database)
      // As Temporal's schema does.
      await client.query('CREATE EXTENSION IF NOT EXISTS btree_gin')
      await client.query('CREATE TABLE mine (id int)')
      await assert.rejects(client.query('CREATE DATABASE another'), /permission denied/)
      await client.end()
    }
    await assert.rejects(connect('belay', "it's new", 'temporal'), /permission denied/)
    await assert.rejects(connect('temporal', 'temporal', 'belay'), /permission denied/)
  },
)
