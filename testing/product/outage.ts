import type { TestContext } from 'node:test'
import { openPostgres, type Database } from '../../store/postgres/database.ts'
import { countPendingSignals } from '../../store/signals/pending-signals.ts'
import { inLanes } from '../fixtures/lanes.ts'
import { notificationsFolder } from '../fixtures/notifications-folder.ts'
import { delayStep, feedStep, workflow } from '../fixtures/steps.ts'
import { until } from '../fixtures/until.ts'
import { testPostgres } from '../servers/postgres.ts'
import { plainStarts } from './plain-starts.ts'
import { startProduct, type Product } from './product.ts'

const definitions = { 'patient/workflow.json': workflow(delayStep('wait', 30, 'days'), feedStep('later')) }
const CALLERS = 50

export interface Outage {
  product: Product
  db: Database
  /** Accepts all of `items` while Temporal stands still. Answers how long it then takes until it was told everything, in ms. */
  outage: <Item>(items: readonly Item[], accept: (item: Item) => Promise<unknown>, withinMs: number) => Promise<number>
  /** Starts a second of a plain client at the same server, of workflows that nobody polls for. */
  plainStarts: () => Promise<number>
  /** Runs that are open. */
  open: () => Promise<number>
}

/** The product on Postgres, and a Temporal with its database file that can be taken away. Its definition is `patient`. */
export async function outageOf(t: TestContext): Promise<Outage> {
  const database = await testPostgres()
  t.after(() => database.drop())
  const env = { DATABASE_URL: database.url }
  const product = await startProduct(t, { notifications: notificationsFolder(definitions), env })
  const store = openPostgres(database.url)
  t.after(() => store.close())
  const { db } = store
  return {
    product,
    db,
    async outage(items, accept, withinMs) {
      process.kill(product.temporalPid(), 'SIGSTOP')
      try {
        await inLanes(CALLERS, items, accept)
      } finally {
        process.kill(product.temporalPid(), 'SIGCONT')
      }
      const back = performance.now()
      await until('all are told', async () => (await countPendingSignals(db)) === 0, withinMs)
      return performance.now() - back
    },
    plainStarts: () => plainStarts(product.temporal.workflow),
    open: async () =>
      (await product.temporal.workflow.count("WorkflowType = 'notificationRun' AND ExecutionStatus = 'Running'")).count,
  }
}
