import type { BatchStep, Definition } from '../../definitions/definition.ts'
import type { Batch } from '../../store/batches/load-batches.ts'
import {
  loadActivities,
  loadActors,
  loadMergedData,
  LONGEST_TEXT,
  type Activity,
  type DigestRequest,
} from '../../store/batches/load-activities.ts'
import { recipientRunUuid } from '../../store/ids/row-id.ts'
import type { Database } from '../../store/postgres/database.ts'
import { loadRecipients } from '../../store/profiles/recipients.ts'
import { loadTenants } from '../../store/profiles/tenants.ts'
import type { Json, JsonObject } from '../../store/schema/index.ts'
import type { DigestInput } from '../../templates/scope.ts'
import { subject } from '../subject.ts'

/** What a walk sees that goes on for a batch: null where no activity is left. */
export interface Digest {
  total: number
  seen: DigestInput | null
}

/** A batch as it was at a revision, and the version in which its carrier walks. */
export interface DigestWanted {
  definition: Definition
  batch: Pick<Batch, 'id' | 'revision' | 'stepRef'>
}

/** The digests of batches, in their order; a handful of statements however many they are. Nothing of one is another's. */
export async function loadDigests(db: Database, wanted: readonly DigestWanted[]): Promise<Digest[]> {
  if (wanted.length === 0) return []
  const requests = wanted.map(requestOf)
  const activities = groupOf(await loadActivities(db, requests))
  // Where not all of them are shown the store sums them up.
  const large = requests.filter(({ batchId, limit }) => (activities.get(batchId)?.[0]?.total ?? 0) > limit)
  const actors = groupOf(large.length === 0 ? [] : await loadActors(db, large))
  const merged = groupOf(large.length === 0 ? [] : await loadMergedData(db, large))
  const all = [...activities.values()].flat()
  const people = [...all, ...[...actors.values()].flat()].flatMap(({ actor }) => actor ?? [])
  const properties = await loadRecipients(db, [...new Set(people)])
  const tenants = await loadTenants(db, [...new Set(all.flatMap(({ tenant }) => tenant ?? []))])
  return wanted.map(({ definition, batch }, index) => {
    const { limit, isDesc } = requests[index]!
    const found = activities.get(batch.id) ?? []
    const first = found[0]
    if (first === undefined) return { total: 0, seen: null }
    const { total } = first
    const shown = found.filter(({ place }) => (isDesc ? place > total - limit : place <= limit))
    const isWhole = total <= limit
    const who = isWhole ? actorsIn(shown) : (actors.get(batch.id) ?? [])
    const data = isWhole
      ? mergedOf(shown)
      : Object.fromEntries((merged.get(batch.id) ?? []).map(({ name, value }) => [name, value]))
    const describe = (actor: string | null) => (actor === null ? null : subject(actor, properties))
    const seen: DigestInput = {
      data: { ...data, ...attachmentsOf(definition, first) },
      actor: describe(first.actor),
      tenant: first.tenant === null ? null : { id: first.tenant, properties: tenants.get(first.tenant) ?? {} },
      actors: who.map(({ actor }) => subject(actor, properties)),
      totalActors: isWhole ? who.length : (actors.get(batch.id)?.[0]?.total ?? 0),
      totalActivities: total,
      activities: shown.map((activity) => ({
        id: recipientRunUuid(activity.workflowRunId, activity.id),
        data: activity.data,
        actor: describe(activity.actor),
        acceptedAt: activity.acceptedAt,
      })),
    }
    return { total, seen }
  })
}

function requestOf({ definition, batch }: DigestWanted): DigestRequest {
  const step = definition.steps.find(({ ref }) => ref === batch.stepRef) as BatchStep
  return { batchId: batch.id, revision: batch.revision, limit: step.renderLimit, isDesc: step.order === 'desc' }
}

function groupOf<Row extends { batchId: number }>(rows: readonly Row[]): Map<number, Row[]> {
  const groups = new Map<number, Row[]>()
  for (const row of rows) {
    const same = groups.get(row.batchId)
    if (same === undefined) groups.set(row.batchId, [row])
    else same.push(row)
  }
  return groups
}

/** Each once, in the order in which they came first. */
function actorsIn(activities: readonly Activity[]): { actor: string }[] {
  return [...new Set(activities.flatMap(({ actor }) => actor ?? []))].map((actor) => ({ actor }))
}

function mergedOf(activities: readonly Activity[]): JsonObject {
  const data = new Map<string, Json>()
  for (const activity of activities) {
    for (const [name, value] of Object.entries(activity.data)) {
      if (typeof value === 'object' && value !== null) continue
      data.set(name, typeof value === 'string' && value.length > LONGEST_TEXT ? cut(value) : value)
    }
  }
  return Object.fromEntries(data)
}

/** At the end of a character, as Postgres does. */
function cut(text: string): string {
  return Array.from(text.slice(0, 2 * LONGEST_TEXT))
    .slice(0, LONGEST_TEXT)
    .join('')
}

/** Lists that e-mails of the definition attach: those of the activity that came first. */
function attachmentsOf({ steps }: Definition, first: Activity): JsonObject {
  const attached: JsonObject = {}
  for (const step of steps) {
    if (step.type !== 'channel' || step.channelType !== 'email') continue
    const key = step.template.attachmentKey
    const value = key === null ? undefined : first.data[key]
    if (key !== null && value !== undefined && typeof value === 'object') attached[key] = value
  }
  return attached
}
