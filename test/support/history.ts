import type { WorkflowHandle } from '@temporalio/client'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'

export interface HistoryEvent {
  /** As Temporal's protocol names it, without the prefix: TIMER_STARTED. */
  type: string
  /** Shown beside it in the Web UI. */
  summary: string | undefined
}

interface JsonHistory {
  events: { eventType: string; userMetadata?: { summary?: { data?: string } } }[]
}

/** What happened in an execution, in order. */
export async function eventsOf(handle: WorkflowHandle): Promise<HistoryEvent[]> {
  const { events } = JSON.parse(historyToJSON(await handle.fetchHistory())) as JsonHistory
  return events.map(({ eventType, userMetadata }) => {
    const data = userMetadata?.summary?.data
    const summary = data === undefined ? undefined : (JSON.parse(Buffer.from(data, 'base64').toString()) as string)
    return { type: eventType.replace('EVENT_TYPE_', ''), summary }
  })
}
