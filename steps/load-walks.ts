import type { Definition } from '../definitions/definition.ts'
import { loadBatches, type Batch } from '../store/batches/load-batches.ts'
import { loadDefinitions } from '../store/catalog/definitions.ts'
import { messageId } from '../store/ids/message-id.ts'
import { recipientRunUuid, triggerIdOf } from '../store/ids/row-id.ts'
import type { Database } from '../store/postgres/database.ts'
import { loadPreferenceSets } from '../store/profiles/preference-sets.ts'
import { loadProfiles } from '../store/profiles/recipients.ts'
import { loadSubscriptionProperties } from '../store/profiles/subscriptions.ts'
import { loadTenants } from '../store/profiles/tenants.ts'
import { loadLarge, loadTriggers, type RowToWalk, type WalkTrigger } from '../store/recipient-runs/load-walks.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { buildScope, withDigest, type Scope, type Subject } from '../templates/scope.ts'
import { loadDigests } from './batch/digest.ts'
import { LoadedEntities } from './loaded-entities.ts'
import { subject, tenantSubject } from './subject.ts'
import { DATA, dataOver, leftBySteps } from './walk-data.ts'
import type { WalkUnderWay } from './progress.ts'

/**
 * Loads what rows are about, in a handful of statements however many they are. `now`: the store's clock, epoch
 * milliseconds, as templates see it.
 */
export async function loadWalks(db: Database, rows: readonly RowToWalk[], now: number): Promise<WalkUnderWay[]> {
  const view = { now, entities: new LoadedEntities(db) }
  const triggers = await loadTriggers(db, [...new Set(rows.map(({ id }) => triggerIdOf(id)))])
  const theirs = [...new Set(rows.map(({ id }) => triggers.get(triggerIdOf(id))!))]
  const actors = theirs.flatMap(({ actor }) => (actor === null ? [] : [actor]))
  const hashes = rows.map((row) => row.definitionHash ?? triggers.get(triggerIdOf(row.id))!.definitionHash)
  const recipients = [...new Set(rows.map((row) => row.recipient))]
  const tenantIds = [...new Set(theirs.flatMap(({ tenant }) => (tenant === null ? [] : [tenant])))]
  const pairs = rows.flatMap(({ recipient, via }) => (via === null ? [] : [{ object: via.from, recipient }]))
  const [large, profiles, preferences, subscriptionOf, definitions, tenants] = await Promise.all([
    loadLarge(db, rows),
    loadProfiles(db, [...new Set([...recipients, ...actors])]),
    loadPreferenceSets(db, recipients, ['default', ...tenantIds]),
    loadSubscriptionProperties(db, pairs),
    loadDefinitions(db, [...new Set(hashes)]),
    loadTenants(db, tenantIds),
  ])
  const described = new Map(
    theirs.map((trigger) => {
      const { actor, tenant } = trigger
      const people = {
        actor: actor === null ? null : subject(actor, profiles),
        tenant: tenant === null ? null : tenantSubject(tenant, tenants),
      }
      return [trigger.id, { ...trigger, ...people }] as const
    }),
  )
  const walks = rows.map((given, index) => {
    const row = { ...given, ...large.get(given.id) }
    const trigger = triggers.get(triggerIdOf(row.id))!
    const { definition } = definitions.get(hashes[index]!)!
    const recipient = subject(row.recipient, profiles)
    const sets = preferences.get(row.recipient)
    if (sets !== undefined) recipient.properties = { ...recipient.properties, preferences: sets }
    if (row.via !== null) {
      const subscription = subscriptionOf(row.via.from, row.recipient) ?? {}
      recipient.properties = { ...recipient.properties, subscription }
    }
    return walkOf(row, trigger, described.get(trigger.id)!, definition, recipient, view)
  })
  await seeBatches(db, walks)
  return walks
}

/** Who goes on for a batch that has closed sees its activities. */
async function seeBatches(db: Database, walks: readonly WalkUnderWay[]): Promise<void> {
  const inside = walks.filter(({ row }) => row.batchId !== null)
  const batches = await loadBatches(
    db,
    inside.map(({ row }) => row.batchId!),
  )
  const carried = inside.flatMap((walk) => {
    const batch = batches.get(walk.row.batchId!)
    return batch?.isClosed === true && batch.carrier === walk.row.id ? [{ walk, batch }] : []
  })
  await carryOn(db, carried)
}

/** Lets walks see batches as they were at a revision. */
export async function carryOn(
  db: Database,
  carried: readonly { walk: WalkUnderWay; batch: Pick<Batch, 'id' | 'revision' | 'stepRef'> }[],
): Promise<void> {
  const wanted = carried.map(({ walk: { definition }, batch }) => ({ definition, batch }))
  const digests = await loadDigests(db, wanted)
  carried.forEach(({ walk, batch: { id, revision } }, index) => {
    const { total, seen } = digests[index]!
    walk.batch = { id, revision, closes: false, isEmpty: total === 0 }
    walk.digest = seen
    walk.rescope()
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
  view: { now: number; entities: LoadedEntities },
): WalkUnderWay {
  const walk: Omit<WalkUnderWay, 'scope'> = {
    row,
    trigger,
    definition,
    recipient,
    step: definition.steps[row.step]!,
    stepIndex: row.step,
    nextMessage: row.messages,
    made: [],
    state: row.state ?? {},
    entries: [],
    wait: null,
    batch: null,
    digest: null,
    rescope() {
      ;(walk as WalkUnderWay).scope = scopeOf(walk, described, view)
    },
  }
  walk.rescope()
  return walk as WalkUnderWay
}

function scopeOf(
  walk: Omit<WalkUnderWay, 'scope'>,
  described: Described,
  view: { now: number; entities: LoadedEntities },
): Scope {
  const { row, trigger, recipient, state, digest } = walk
  const scope = buildScope({
    now: view.now,
    entities: view.entities,
    definition: walk.definition,
    trigger: described,
    recipient,
    triggerData: dataOver(row.triggerData, state),
    get recipientRunId() {
      return recipientRunUuid(trigger.workflowRunId, row.id)
    },
    get refs() {
      return leftBySteps(walk.state)
    },
    get messageId() {
      return messageId(trigger, { recipientRunId: row.id, number: walk.nextMessage })
    },
  })
  if (digest === null) return scope
  const data = { ...digest.data, ...(state[DATA] as JsonObject | undefined) }
  return withDigest(scope, walk.definition, { ...digest, data })
}
