import type { ConditionGroup } from '../../conditions/conditions.ts'
import { pathsOf } from '../../conditions/reads.ts'
import type { EventKind } from '../../store/waits/event-wait.ts'
import type { Offer } from '../../store/waits/load-offers.ts'
import type { JsonObject } from '../../store/schema/index.ts'

/** What an event tells of each kind but a caller's own, the names that Knock has for some of it included. */
const eventFields: Readonly<Record<Exclude<EventKind, 'event'>, readonly string[]>> = {
  message: ['step_ref', 'channel_type', 'message_id', 'workflow_key', 'workflow_run_id', 'metadata', 'source'],
  workflow: [
    ...['status', 'tenant', 'tenant_id', 'workflow_key', 'workflow_run_id'],
    ...['workflow_recipient_run_id', 'source'],
  ],
  recipient: ['id', 'collection'],
}
/** Of any of them. */
const commonFields: readonly string[] = ['event', 'event_type']

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

/** The first names below `event` that conditions read and that an event of this kind never has. */
export function neverSaid(kind: EventKind, conditions: ConditionGroup | null): { name: string; known: string }[] {
  if (kind === 'event' || conditions === null) return []
  const known = [...eventFields[kind], ...commonFields]
  const read = pathsOf(conditions).flatMap(([root, name]) => (root === 'event' && name !== undefined ? [name] : []))
  const unknown = [...new Set(read)].filter((name) => !known.includes(name))
  return unknown.map((name) => ({ name, known: known.join(', ') }))
}
