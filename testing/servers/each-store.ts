import { after, before, describe } from 'node:test'
import type { Catalog } from '../../definitions/catalog.ts'
import { openPostgres, type Database, type Store } from '../../store/postgres/database.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { testPostgres, type TestDatabase } from './postgres.ts'
import { testPglite } from './pglite.ts'

/** The same tests on PGlite and on a real Postgres, each with a store of its own that knows the catalog. */
export function onEachStore(catalog: Catalog, tests: (db: () => Database) => void): void {
  describe('in PGlite', () => {
    let store: Store
    before(async () => {
      store = await testPglite()
      await store.migrate()
      await publishCatalog(store.db, catalog)
    })
    after(() => store.close())
    tests(() => store.db)
  })
  describe('in Postgres', () => {
    let store: Store
    let database: TestDatabase
    before(async () => {
      database = await testPostgres()
      store = openPostgres(database.url)
      await store.migrate()
      await publishCatalog(store.db, catalog)
    })
    after(async () => {
      await store.close()
      await database.drop()
    })
    tests(() => store.db)
  })
}
