import { condition, continueAsNew, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow'
import type { WebhookActivities } from './other-activities.ts'
import { wakeSignal } from './signals.ts'

const { deliverWebhooks } = proxyActivities<WebhookActivities>({
  startToCloseTimeout: '2m',
  heartbeatTimeout: '10s',
  // Only a fault of ours or of the store gets here; what the endpoint refuses is put off event by event.
  retry: { initialInterval: '1s', maximumInterval: '30s' },
})

/**
 * Delivers the events of one endpoint, whose key is in its ID. Signal-with-start wakes it when there is something; it
 * sleeps until the next attempt is due, and ends when nothing is to come. The events lie in the store: terminated, it
 * is started again by the next event, or by housekeeping.
 */
export async function webhookDelivery(endpoint: string): Promise<void> {
  let wakes = 0
  setHandler(
    wakeSignal,
    () => {
      wakes += 1
    },
    { description: 'Looks for events that are due, now.' },
  )
  for (;;) {
    const seen = wakes
    const { nextInMs } = await deliverWebhooks(endpoint)
    if (wakes === seen && nextInMs === null) return
    if (nextInMs !== null && nextInMs > 0) await condition(() => wakes !== seen, nextInMs)
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof webhookDelivery>(endpoint)
  }
}
