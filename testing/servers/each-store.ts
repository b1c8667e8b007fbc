import { after, before, describe } from 'node:test'
import type { Catalog } from '../../definitions/catalog.ts'
import type { Database, Store } from '../../store/postgres/database.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { testStore } from './postgres.ts'
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
    before(async () => {
      store = await testStore()
      await publishCatalog(store.db, catalog)
    })
    after(() => store.close())
    tests(() => store.db)
  })
}
