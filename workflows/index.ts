// Every function exported here is a workflow type anybody may start: nothing else belongs here.
export { bulkOperation } from './bulk-operation.ts'
export { housekeeping } from './housekeeping.ts'
export { notificationRun } from './notification-run.ts'
export { scheduleOccurrence } from './schedule-occurrence.ts'
export { webhookDelivery } from './webhook-delivery.ts'
