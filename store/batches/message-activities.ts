import type { Database } from '../postgres/database.ts'
import { loadRecipients } from '../profiles/recipients.ts'
import type { JsonObject } from '../schema/index.ts'
import { loadContained, type Contained } from './load-contained.ts'

/** Activities that an answer shows of one message. */
const SHOWN = 10

interface OfBatch {
  batch_id: number | null
  batch_revision: number | null
}

/** What a message of a batch contains, with what is known of its actors. */
export interface MessageActivities extends Contained {
  properties: ReadonlyMap<string, JsonObject>
}

/**
 * The activities that messages of batches contain: those that were in the batch at the claim, or, not claimed yet, are in it
 * now; the first ten are shown. By message; one that is of no batch contains that of its recipient run, and is left out.
 */
export async function loadMessageActivities<Message extends OfBatch>(
  db: Database,
  messages: readonly Message[],
): Promise<Map<Message, MessageActivities>> {
  const ofBatch = messages.filter(({ batch_id }) => batch_id !== null)
  if (ofBatch.length === 0) return new Map()
  const contained = await loadContained(
    db,
    ofBatch.map(({ batch_id, batch_revision }) => {
      return { batchId: batch_id!, revision: batch_revision!, limit: SHOWN, isDesc: false }
    }),
  )
  const people = contained.flatMap(({ actors, activities }) => [
    ...actors,
    ...activities.flatMap(({ actor }) => actor ?? []),
  ])
  const properties = await loadRecipients(db, [...new Set(people)])
  return new Map(ofBatch.map((message, index) => [message, { ...contained[index]!, properties }]))
}
