import type { BulkProgress } from '../store/bulk-operations/bulk-operations.ts'
import { engageInTransaction, type EngagementAction } from '../store/messages/engagement.ts'
import type { MessageFilter } from '../store/messages/message-filter.ts'
import { listMessages, messageIdOf, type MessageRow } from '../store/messages/message-list.ts'
import type { Position } from '../store/messages/page.ts'
import type { Database } from '../store/postgres/database.ts'
import type { JsonObject } from '../store/schema/index.ts'
import type { EngineDeps } from './deps.ts'

/** What is to become of the messages of a channel that a filter names. */
export interface MessageChange {
  action: EngagementAction
  filter: MessageFilter
  /** Keys of recipients; null: everybody. */
  recipients: string[] | null
  archived: 'exclude' | 'include' | 'only'
  workflows: string[] | null
  /** Of these tenants, and of none if `orNoTenant`; null: of any and of none. */
  tenants: string[] | null
  orNoTenant: boolean
}

const CHUNK = 200

/**
 * The next messages, newest first, recipient by recipient; what is made while the operation goes on is not meant. Answers how far it came.
 */
export async function engageChunk(
  tx: Database,
  { now, outbox }: Pick<EngineDeps, 'now' | 'outbox'>,
  change: MessageChange,
  position: JsonObject,
): Promise<BulkProgress> {
  const place = Number(position['recipient'] ?? 0)
  const after = (position['after'] ?? undefined) as Position | undefined
  const recipient = change.recipients?.[place]
  const page = await listMessages(tx, { ...change.filter, recipient }, { after, size: CHUNK })
  const meant = page.rows.filter((row) => isMeant(row, change))
  if (meant.length > 0) await engageInTransaction(tx, meant.map(messageIdOf), change.action, { now: now() }, outbox)
  const last = page.rows.at(-1)
  const isLast = place + 1 >= (change.recipients?.length ?? 1)
  const next: JsonObject | null =
    page.hasOlder && last !== undefined
      ? { recipient: place, after: page.positionOf(last) }
      : isLast
        ? null
        : { recipient: place + 1 }
  return { position: next, processed: meant.length, failed: [] }
}

function isMeant({ archived_at, workflow, tenant }: MessageRow, change: MessageChange): boolean {
  if (change.archived !== 'include' && (archived_at !== null) !== (change.archived === 'only')) return false
  if (change.workflows !== null && !change.workflows.includes(workflow)) return false
  if (change.tenants === null) return true
  return tenant === null ? change.orNoTenant : change.tenants.includes(tenant)
}
