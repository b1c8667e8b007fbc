/** Workflow types, by the names of their functions. */
export const NOTIFICATION_RUN = 'notificationRun'
export const HOUSEKEEPING = 'housekeeping'
export const WEBHOOK_DELIVERY = 'webhookDelivery'
export const BULK_OPERATION = 'bulkOperation'
export const SCHEDULE_OCCURRENCE = 'scheduleOccurrence'

/** Sends have a task queue of their own: one that lasts minutes leaves walks their slots. */
export function deliverQueue(taskQueue: string): string {
  return `${taskQueue}-deliver`
}

/** So do steps that act on the outside. */
export function actQueue(taskQueue: string): string {
  return `${taskQueue}-act`
}
