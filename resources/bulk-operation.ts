import { z } from 'zod'
import type { BulkRow } from '../store/bulk-operations/bulk-operations.ts'

const instant = z.string().nullable()

export const bulkOperation = z
  .object({
    __typename: z.literal('BulkOperation'),
    id: z.uuid(),
    name: z.string(),
    status: z.enum(['queued', 'processing', 'completed', 'failed']),
    estimated_total_rows: z.int().describe('Of messages: those found so far'),
    processed_rows: z.int(),
    success_count: z.int(),
    error_count: z.int(),
    error_items: z.array(z.object({ id: z.string(), collection: z.string().nullable() })),
    progress_path: z.string(),
    inserted_at: z.string(),
    started_at: instant,
    updated_at: z.string(),
    completed_at: instant,
    failed_at: instant,
  })
  .meta({ id: 'BulkOperation', description: 'Changes that are carried out after the call, chunk by chunk' })

/** A bulk operation as the API shows it. */
export function bulkOperationOf(row: BulkRow): z.input<typeof bulkOperation> {
  const { id, name, total, processed, failed, inserted_at, started_at, updated_at, completed_at } = row
  return {
    __typename: 'BulkOperation',
    id,
    name,
    status: completed_at !== null ? 'completed' : started_at !== null ? 'processing' : 'queued',
    estimated_total_rows: total,
    processed_rows: processed,
    success_count: processed - failed.length,
    error_count: failed.length,
    error_items: failed,
    progress_path: `/v1/bulk_operations/${id}`,
    inserted_at,
    started_at,
    updated_at,
    completed_at,
    failed_at: null,
  }
}
