import { randomUUID } from 'node:crypto'
import { recipientKey, type RecipientReference } from '../store/ids/recipient.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { loadPendingSignals } from '../store/signals/pending-signals.ts'
import { recordOccurrences } from '../store/waits/record-occurrences.ts'
import type { Caller, EngineDeps } from './deps.ts'
import { meantKeys } from './merged-recipients.ts'
import { runIdempotent, type Answered } from './run-idempotent.ts'

export interface EventRequest {
  event: string
  data: JsonObject
  /** Whom it is about; null: everybody who waits for it. */
  recipients: readonly RecipientReference[] | null
}

export interface EventAnswer {
  /** UUID. */
  event_id: string
  /** Recipient runs that wait for such an event: whether it matches, each finds out. */
  offered: number
}

/**
 * Records an event of the caller's own, and wakes who waits for it; it is kept for those who look back. Throws what
 * `runIdempotent` does.
 */
export function postEvent(deps: EngineDeps, caller: Caller, request: EventRequest): Promise<Answered<EventAnswer>> {
  const { event: name, data } = request
  const recipients = request.recipients === null ? null : [...new Set(request.recipients.map(recipientKey))]
  return runIdempotent(deps, caller, {
    scope: `event ${name}`,
    request,
    mutexKey: null,
    inTransaction: async (tx) => {
      const id = randomUUID()
      const about = recipients === null ? null : await meantKeys(tx, recipients)
      const occurrence = { id, kind: 'event' as const, name, recipients: about, source: null, data, ofRow: null }
      const { offered, signals } = await recordOccurrences(tx, [occurrence], deps.now())
      const left = signals.length === 0 ? [] : await loadPendingSignals(tx, { only: signals })
      return { answer: { event_id: id, offered }, signals: left }
    },
  })
}
