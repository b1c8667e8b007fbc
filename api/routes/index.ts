import type { Route } from '../http/route.ts'
import { bulkRoutes } from './bulk.ts'
import { bulkMessageRoutes } from './bulk-messages.ts'
import { cancelRoutes } from './cancel.ts'
import { cancelWithoutKeyRoutes } from './cancel-without-key.ts'
import { channelDataRoutes } from './channel-data.ts'
import { channelRoutes } from './channels.ts'
import { eventRoutes } from './events.ts'
import { definitionRoutes } from './definitions.ts'
import { feedRoutes } from './feeds.ts'
import { keyRoutes } from './keys.ts'
import { messageStatusRoutes } from './message-status.ts'
import { messageRoutes } from './messages.ts'
import { moveRoutes } from './move.ts'
import { objectRoutes } from './objects.ts'
import { preferenceRoutes } from './preferences.ts'
import { scheduleRoutes } from './schedules.ts'
import { subscriptionRoutes } from './subscriptions.ts'
import { tenantRoutes } from './tenants.ts'
import { triggerRoutes } from './trigger.ts'
import { userRoutes } from './users.ts'
import { recipientRunRoutes } from './workflow-recipient-runs.ts'

/** The whole API, in the order of its documentation. */
export const routes: readonly Route[] = [
  ...triggerRoutes,
  ...cancelRoutes,
  ...moveRoutes,
  ...cancelWithoutKeyRoutes,
  ...eventRoutes,
  ...recipientRunRoutes,
  ...messageRoutes,
  ...messageStatusRoutes,
  ...feedRoutes,
  ...bulkRoutes,
  ...bulkMessageRoutes,
  ...userRoutes,
  ...objectRoutes,
  ...subscriptionRoutes,
  ...tenantRoutes,
  ...scheduleRoutes,
  ...preferenceRoutes,
  ...channelDataRoutes,
  ...channelRoutes,
  ...definitionRoutes,
  ...keyRoutes,
]
