import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endedWithParent } from '../../embedded/ended-with-parent.ts'
import { until } from '../fixtures/until.ts'
import { freePort } from './ports.ts'
import { postgresOwner } from './postgres-server.ts'

export interface PgBouncer {
  /** The same database through the pooler. */
  url: string
  version: string
  close(): Promise<void>
}

/** Its version, or undefined where it is not installed. */
export function pgbouncerVersion(): string | undefined {
  try {
    return /PgBouncer (\S+)/.exec(execFileSync('pgbouncer', ['--version'], { encoding: 'utf8' }))?.[1]
  } catch {
    return undefined
  }
}

/** A real PgBouncer in transaction mode before a database, with so few connections to it that callers share them. */
export async function startPgbouncer(databaseUrl: string, connections = 3): Promise<PgBouncer> {
  const { hostname, port, pathname, username } = new URL(databaseUrl)
  const own = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'belay-pgbouncer-'))
  const users = join(folder, 'users.txt')
  const config = join(folder, 'pgbouncer.ini')
  writeFileSync(users, `"${username}" ""\n`)
  writeFileSync(
    config,
    `[databases]
* = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${connections}
max_client_conn = 500
`,
  )
  const identity = postgresOwner()
  if (identity !== undefined) {
    for (const path of [folder, users, config]) chownSync(path, identity.uid, identity.gid)
  }
  const [command, args] = endedWithParent('TERM', 'pgbouncer', [config])
  const child = spawn(command, args, { ...identity, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)))
  const ended = once(child, 'close')
  await until('PgBouncer answers', async () => {
    if (child.exitCode !== null) throw new Error(`PgBouncer ended at its start:\n${said}`)
    const socket = connect(own, '127.0.0.1')
    const answers = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    return answers
  })
  return {
    url: `postgres://${username}@127.0.0.1:${own}${pathname}`,
    version: pgbouncerVersion() ?? 'unknown',
    async close() {
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
