import type { Definition, Step } from '../definitions/definition.ts'
import type { Database } from '../store/postgres/database.ts'
import { loadDefinitions } from '../store/catalog/definitions.ts'
import { loadTriggers, type DeliveryRow, type DeliveryTrigger } from '../store/recipient-runs/deliveries.ts'
import { messageId } from '../store/ids/message-id.ts'
import { recipientReference } from '../store/ids/recipient.ts'
import { loadRecipients } from '../store/profiles/recipients.ts'
import { recipientRunUuid, triggerIdOf } from '../store/ids/row-id.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { loadTenants } from '../store/profiles/tenants.ts'
import { buildScope, type Scope, type Subject } from '../templates/scope.ts'
import type { Standing } from './settlements.ts'

/** One recipient run to be carried on: its row, what it is about, and what its templates see. */
export interface Delivery {
  row: DeliveryRow
  trigger: DeliveryTrigger
  definition: Definition
  step: Step
  scope: Scope
  recipient: Subject
  messageId: string
}

export function standing({ row, definition, scope, trigger }: Delivery, now: number): Standing {
  return { row, definition, scope, skipDelay: trigger.skipDelay, now }
}

/** Loads everything a chunk needs, in a handful of statements however large it is. Addresses are read here, at the send. */
export async function loadDeliveries(db: Database, rows: DeliveryRow[]): Promise<Delivery[]> {
  const triggers = await loadTriggers(db, rows)
  const actors = [...triggers.values()].flatMap(({ actor }) => (actor === null ? [] : [actor]))
  const [properties, definitions, tenants] = await Promise.all([
    loadRecipients(db, [...new Set([...rows.map((row) => row.recipient), ...actors])]),
    loadDefinitions(db, [...new Set([...triggers.values()].map((trigger) => trigger.definitionHash))]),
    loadTenants(db, [...new Set([...triggers.values()].flatMap(({ tenant }) => (tenant === null ? [] : [tenant])))]),
  ])
  const shared = new Map(
    [...triggers.values()].map((trigger) => {
      const { actor, tenant } = trigger
      const described = {
        ...trigger,
        actor: actor === null ? null : subject(actor, properties),
        tenant: tenant === null ? null : { id: tenant, properties: tenants.get(tenant) ?? {} },
      }
      return [trigger.id, described] as const
    }),
  )
  return rows.map((row) => {
    const trigger = triggers.get(triggerIdOf(row.id))!
    const { definition } = definitions.get(trigger.definitionHash)!
    const recipient = subject(row.recipient, properties)
    const delivery = {
      row,
      trigger,
      definition,
      step: definition.steps[row.step]!,
      recipient,
      get messageId() {
        return messageId(trigger, { recipientRunId: row.id, step: row.step })
      },
    }
    const scope = buildScope({
      definition,
      trigger: shared.get(trigger.id)!,
      recipient,
      triggerData: row.triggerData,
      get recipientRunId() {
        return recipientRunUuid(trigger.workflowRunId, row.id)
      },
      get messageId() {
        return delivery.messageId
      },
    })
    return Object.assign(delivery, { scope })
  })
}

function subject(key: string, properties: ReadonlyMap<string, JsonObject>): Subject {
  const reference = recipientReference(key)
  const known = properties.get(key) ?? {}
  return typeof reference === 'string' ? { id: reference, properties: known } : { ...reference, properties: known }
}
