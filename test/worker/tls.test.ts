import { loadClientConnectConfig } from '@temporalio/envconfig'
import { NativeConnection } from '@temporalio/worker'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createServer } from 'node:tls'
import { openPostgres, query } from '../../store/postgres/database.ts'
import { openConnection } from '../../temporal/connection.ts'
import { makeCertificates } from '../../testing/servers/certificates.ts'
import { postgresOwner, startPostgres } from '../../testing/servers/postgres-server.ts'
import { devServer } from '../../testing/servers/temporal.ts'
import { sql } from 'drizzle-orm'

const skip = hasOpenssl() ? false : 'no openssl to make certificates with'

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

test(
  'the store is reached over TLS, and one whose certificate another authority signed is refused',
  { skip },
  async (t) => {
    const certificates = makeCertificates(postgresOwner())
    const others = makeCertificates()
    t.after(() => [certificates.remove(), others.remove()])
    const files = [`ssl_cert_file=${certificates.cert}`, `ssl_key_file=${certificates.key}`]
    const server = await startPostgres(['ssl=on', ...files])
    t.after(() => server.stop())
    const ask = async (ca: string) => {
      const store = openPostgres(`${server.url}?sslmode=verify-full&sslrootcert=${encodeURIComponent(ca)}`)
      try {
        return await query<{ ssl: boolean }>(store.db, sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`)
      } finally {
        await store.close()
      }
    }
    assert.deepEqual(await ask(certificates.ca), [{ ssl: true }])
    await assert.rejects(ask(others.ca))
  },
)

test(
  'Temporal is reached over mutual TLS by TEMPORAL_TLS_* alone, and not without a certificate',
  { skip },
  async (t) => {
    const certificates = makeCertificates()
    t.after(() => certificates.remove())
    const environment = await devServer()
    t.after(() => environment.teardown())
    const [host, port] = environment.address.split(':')
    // The dev server speaks no TLS itself: what terminates it stands before it, as in a cluster.
    const [ca, cert, key] = [certificates.ca, certificates.cert, certificates.key].map((path) => readFileSync(path))
    const front = createServer({ ca, cert, key, requestCert: true, ALPNProtocols: ['h2'] }, (socket) => {
      const inner = connect(Number(port), host)
      for (const each of [socket, inner]) each.on('error', () => [socket.destroy(), inner.destroy()])
      socket.pipe(inner).pipe(socket)
    })
    front.listen(0, '127.0.0.1')
    await once(front, 'listening')
    t.after(() => front.close())
    const address = `localhost:${(front.address() as AddressInfo).port}`
    const trusted = {
      TEMPORAL_ADDRESS: address,
      TEMPORAL_TLS: 'true',
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificates.ca,
    }
    const own = { TEMPORAL_TLS_CLIENT_CERT_PATH: certificates.cert, TEMPORAL_TLS_CLIENT_KEY_PATH: certificates.key }
    const optionsOf = (env: Record<string, string>) =>
      loadClientConnectConfig({ overrideEnvVars: env, disableFile: true }).connectionOptions

    // As an api, then as a worker.
    const { connection, close } = openConnection(optionsOf({ ...trusted, ...own }))
    t.after(close)
    const described = await connection.workflowService.describeNamespace({ namespace: 'default' })
    assert.equal(described.namespaceInfo?.name, 'default')
    const native = await NativeConnection.connect(optionsOf({ ...trusted, ...own }))
    await native.close()

    await assert.rejects(NativeConnection.connect(optionsOf(trusted)))
    await assert.rejects(
      NativeConnection.connect(optionsOf({ ...own, TEMPORAL_ADDRESS: address, TEMPORAL_TLS: 'true' })),
    )
  },
)
