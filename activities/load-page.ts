import type { Database } from '../store/postgres/database.ts'
import { loadPage } from '../store/recipient-runs/load-page.ts'
import type { Page, PageInput } from '../workflows/run-activities.ts'
import type { StoreIdentity } from '../workflows/store-identity.ts'
import { assertOwnStore, callingRun, withHeartbeat } from './chunk.ts'

export interface LoadPageDeps {
  db: Database
  store: StoreIdentity
  now: () => number
}

/** Never more than a payload takes: 50,000 sleepers are some 700 kB. */
const MOST = 50_000

/** The next sleepers of the calling run, as the store has them. */
export function createLoadPage({ db, store, now }: LoadPageDeps): (input: PageInput) => Promise<Page> {
  return async (input) => {
    assertOwnStore(input.store, store)
    const limit = Math.min(input.limit, MOST)
    return withHeartbeat(() => loadPage(db, callingRun(), { after: input.after, limit }, now()))
  }
}
