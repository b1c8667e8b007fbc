import type { BatchStep } from '../../definitions/step.ts'
import type { Definition } from '../../definitions/definition.ts'
import type { Batch } from '../../store/batches/load-batches.ts'
import type { Activity, DigestRequest } from '../../store/batches/load-activities.ts'
import { loadContained } from '../../store/batches/load-contained.ts'
import { recipientRunUuid } from '../../store/ids/row-id.ts'
import type { Database } from '../../store/postgres/database.ts'
import { loadProfiles } from '../../store/profiles/recipients.ts'
import { loadTenants } from '../../store/profiles/tenants.ts'
import type { JsonObject } from '../../store/schema/index.ts'
import type { DigestInput } from '../../templates/scope.ts'
import { subject, tenantSubject } from '../subject.ts'

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
  const all = await loadContained(db, wanted.map(requestOf))
  const people = all.flatMap(({ first, actors, activities }) => [
    ...actors,
    ...activities.flatMap(({ actor }) => actor ?? []),
    ...(first?.actor == null ? [] : [first.actor]),
  ])
  const profiles = await loadProfiles(db, [...new Set(people)])
  const tenants = await loadTenants(db, [...new Set(all.flatMap(({ first }) => first?.tenant ?? []))])
  const describe = (actor: string | null) => (actor === null ? null : subject(actor, profiles))
  return all.map(({ total, totalActors, first, activities, actors, data }) => {
    if (first === null) return { total: 0, seen: null }
    const seen: DigestInput = {
      data: { ...nestedOf(first), ...data },
      actor: describe(first.actor),
      tenant: first.tenant === null ? null : tenantSubject(first.tenant, tenants),
      actors: actors.map((actor) => subject(actor, profiles)),
      totalActors,
      totalActivities: total,
      activities: activities.map((activity) => ({
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

/**
 * Lists and objects, as the activity that came first has them: those of all are not laid together, since that has no bound.
 * So are the lists that e-mails attach.
 */
function nestedOf({ data }: Activity): JsonObject {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => typeof value === 'object' && value !== null))
}
