import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { openPostgres, type Store } from '../../store/postgres/database.ts'
import { startPostgres, type PostgresServer } from './postgres-server.ts'

export interface TestDatabase {
  url: string
  /** Another with what this holds now. Nobody may be connected to it. */
  copy(): Promise<TestDatabase>
  /** Ends what is still connected to it. */
  drop(): Promise<void>
}

let own: Promise<PostgresServer> | undefined
let withTables: Promise<TestDatabase> | undefined
let open = 0

/** A fresh, empty database: in the test runner's server, else in one of this process that ends with the last database. */
export function testPostgres(): Promise<TestDatabase> {
  return create('template1')
}

/** A store on a real Postgres that has its tables, and nothing in them. Closing it drops its database. */
export async function testStore(): Promise<Store> {
  const given = process.env['BELAY_TEST_TEMPLATE']
  const database = given === undefined ? await (await (withTables ??= template())).copy() : await create(given)
  const store = openPostgres(database.url)
  return {
    ...store,
    async close() {
      await store.close()
      await database.drop()
    },
  }
}

/** It goes with the server, which it does not keep. */
async function template(): Promise<TestDatabase> {
  const database = await makeTables()
  open -= 1
  return database
}

/** A fresh database that has its tables; nobody is connected to it. */
export async function makeTables(): Promise<TestDatabase> {
  const database = await testPostgres()
  const store = openPostgres(database.url)
  await store.migrate()
  await store.close()
  return database
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
      own = withTables = undefined
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
