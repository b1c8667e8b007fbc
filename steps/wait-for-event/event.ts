import type { EventKind } from '../../store/waits/event-wait.ts'
import type { Offer } from '../../store/waits/load-offers.ts'
import type { JsonObject } from '../../store/schema/index.ts'

/** What an event says, as `signal_variables` keep it: of a caller's own its data, under `data`, too. */
export function saidBy(kind: EventKind, { data }: Pick<Offer, 'data'>): JsonObject {
  if (kind === 'event') return { data, ...data }
  const { tenant, workflow_key: key } = data
  return {
    event_type: kind,
    ...data,
    ...(kind === 'workflow' && { tenant_id: tenant ?? null }),
    ...(key !== undefined && { source: { key } }),
  }
}

/** The same as conditions see it: under its name, unless its own data has a field `event`. */
export function eventOf(kind: EventKind, offer: Pick<Offer, 'name' | 'data'>): JsonObject {
  return { event: offer.name, ...saidBy(kind, offer) }
}
