import type { Definition } from '../definitions/definition.ts'
import { loadDefinitions } from '../store/catalog/definitions.ts'
import { messageId } from '../store/ids/message-id.ts'
import { recipientReference } from '../store/ids/recipient.ts'
import { recipientRunUuid, triggerIdOf } from '../store/ids/row-id.ts'
import type { Database } from '../store/postgres/database.ts'
import { loadPreferenceSets } from '../store/profiles/preference-sets.ts'
import { loadRecipients } from '../store/profiles/recipients.ts'
import { loadTenants } from '../store/profiles/tenants.ts'
import { loadStates, loadTriggers, type RowToWalk, type WalkTrigger } from '../store/recipient-runs/load-walks.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { buildScope, type Subject } from '../templates/scope.ts'
import { dataOver } from './walk-data.ts'
import type { WalkUnderWay } from './walk-on.ts'

/**
 * Loads what rows are about, in a handful of statements however many they are.
 */
export async function loadWalks(db: Database, rows: readonly RowToWalk[]): Promise<WalkUnderWay[]> {
  const triggers = await loadTriggers(db, [...new Set(rows.map(({ id }) => triggerIdOf(id)))])
  const theirs = [...new Set(rows.map(({ id }) => triggers.get(triggerIdOf(id))!))]
  const actors = theirs.flatMap(({ actor }) => (actor === null ? [] : [actor]))
  const hashes = rows.map((row) => row.definitionHash ?? triggers.get(triggerIdOf(row.id))!.definitionHash)
  const recipients = [...new Set(rows.map((row) => row.recipient))]
  const tenantIds = [...new Set(theirs.flatMap(({ tenant }) => (tenant === null ? [] : [tenant])))]
  const [states, properties, preferences, definitions, tenants] = await Promise.all([
    loadStates(db, rows),
    loadRecipients(db, [...new Set([...recipients, ...actors])]),
    loadPreferenceSets(db, recipients, ['default', ...tenantIds]),
    loadDefinitions(db, [...new Set(hashes)]),
    loadTenants(db, tenantIds),
  ])
  const described = new Map(
    theirs.map((trigger) => {
      const { actor, tenant } = trigger
      const people = {
        actor: actor === null ? null : subject(actor, properties),
        tenant: tenant === null ? null : { id: tenant, properties: tenants.get(tenant) ?? {} },
      }
      return [trigger.id, { ...trigger, ...people }] as const
    }),
  )
  return rows.map((given, index) => {
    const row = { ...given, state: given.state ?? states.get(given.id) ?? null }
    const trigger = triggers.get(triggerIdOf(row.id))!
    const { definition } = definitions.get(hashes[index]!)!
    const recipient = subject(row.recipient, properties)
    const sets = preferences.get(row.recipient)
    if (sets !== undefined) recipient.properties = { ...recipient.properties, preferences: sets }
    return walkOf(row, trigger, described.get(trigger.id)!, definition, recipient)
  })
}

type Described = Omit<WalkTrigger, 'actor' | 'tenant'> & { actor: Subject | null; tenant: Subject | null }

/** What few templates name is made when it is asked for: this is done for every recipient. */
function walkOf(
  row: RowToWalk,
  trigger: WalkTrigger,
  described: Described,
  definition: Definition,
  recipient: Subject,
): WalkUnderWay {
  const place = { nextMessage: row.messages, made: [], state: row.state ?? {} }
  const scopeNow = () =>
    buildScope({
      definition,
      trigger: described,
      recipient,
      triggerData: dataOver(row.triggerData, place.state),
      get recipientRunId() {
        return recipientRunUuid(trigger.workflowRunId, row.id)
      },
      get messageId() {
        return messageId(trigger, { recipientRunId: row.id, number: place.nextMessage })
      },
    })
  const step = definition.steps[row.step]!
  const walk: WalkUnderWay = Object.assign(place, {
    ...{ row, trigger, definition, recipient, step, stepIndex: row.step, scope: scopeNow() },
    rescope: () => {
      walk.scope = scopeNow()
    },
  })
  return walk
}

export function subject(key: string, properties: ReadonlyMap<string, JsonObject>): Subject {
  const reference = recipientReference(key)
  const known = properties.get(key) ?? {}
  return typeof reference === 'string' ? { id: reference, properties: known } : { ...reference, properties: known }
}
