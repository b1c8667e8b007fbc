import type { HousekeepingActivities, RunActivities, WebhookActivities } from '../workflows/messages.ts'
import { createDeliver, type DeliverDeps } from './deliver.ts'
import { createDeliverWebhooks, type DeliverWebhooksDeps } from './deliver-webhooks.ts'
import { createHousekeep, type HousekeepDeps } from './housekeep.ts'
import { createTakeOut } from './cancel-in-store.ts'

export function createActivities(
  deps: DeliverDeps & HousekeepDeps & DeliverWebhooksDeps,
): RunActivities & HousekeepingActivities & WebhookActivities {
  return {
    deliver: createDeliver(deps),
    takeOut: createTakeOut(deps),
    housekeep: createHousekeep(deps),
    deliverWebhooks: createDeliverWebhooks(deps),
  }
}
