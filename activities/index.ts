import type {
  BulkActivities,
  HousekeepingActivities,
  ScheduleActivities,
  WebhookActivities,
} from '../workflows/other-activities.ts'
import type { RunActivities } from '../workflows/run-activities.ts'
import { createAct, type ActDeps } from './act.ts'
import { createAdvance, type AdvanceDeps } from './advance.ts'
import { createCancelInStore, type CancelInStoreDeps } from './cancel-in-store.ts'
import { createCarryOnBulk } from './carry-on-bulk.ts'
import { createCarryOutSchedule, type CarryOutScheduleDeps } from './carry-out-schedule.ts'
import type { CancelDeps } from '../engine/cancel-many.ts'
import { createDeliver } from './deliver.ts'
import { createDeliverWebhooks, type DeliverWebhooksDeps } from './deliver-webhooks.ts'
import { createHousekeep, type HousekeepDeps } from './housekeep.ts'
import { createLoadPage, type LoadPageDeps } from './load-page.ts'
import type { DeliverDeps } from './send-job.ts'

type Deps = AdvanceDeps &
  ActDeps &
  DeliverDeps &
  CancelInStoreDeps &
  LoadPageDeps &
  HousekeepDeps &
  DeliverWebhooksDeps & { bulk: CancelDeps; schedules: CarryOutScheduleDeps }

/** Everything the workflows call, by the names they know it by. */
export function createActivities(
  deps: Deps,
): RunActivities & HousekeepingActivities & WebhookActivities & BulkActivities & ScheduleActivities {
  return {
    advance: createAdvance(deps),
    act: createAct(deps),
    deliver: createDeliver(deps),
    cancelInStore: createCancelInStore(deps),
    loadPage: createLoadPage(deps),
    housekeep: createHousekeep(deps),
    deliverWebhooks: createDeliverWebhooks(deps),
    carryOnBulk: createCarryOnBulk(deps.bulk),
    carryOutSchedule: createCarryOutSchedule(deps.schedules),
  }
}
