import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { startPostgres, type PostgresServer } from './postgres-server.ts'

export interface TestDatabase {
  url: string
  /** Another with what this holds now. Nobody may be connected to it. */
  copy(): Promise<TestDatabase>
  /** Ends what is still connected to it. */
  drop(): Promise<void>
}

let own: Promise<PostgresServer> | undefined
let open = 0

/** A fresh, empty database: in the test runner's server, else in one of this process that ends with the last database. */
export function testPostgres(): Promise<TestDatabase> {
  return create('template1')
}

async function create(template: string): Promise<TestDatabase> {
  open += 1
  const server = process.env['BELAY_TEST_DATABASE_URL'] ?? (await (own ??= startPostgres())).url
  const name = `belay_test_${randomBytes(6).toString('hex')}`
  await execute(server, `create database ${name} template ${template}`)
  const url = new URL(server)
  url.pathname = name
  return {
    url: url.href,
    copy: () => create(name),
    async drop() {
      await execute(server, `drop database if exists ${name} with (force)`)
      open -= 1
      if (open > 0 || own === undefined) return
      const last = own
      own = undefined
      await (await last).stop()
    },
  }
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
