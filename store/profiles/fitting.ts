import type { Database } from '../postgres/database.ts'
import { loadProfileBytes } from './recipients.ts'

/** Of one answer, as JSON. */
const PAGE_BYTES = 8 * 1_024 * 1_024

/**
 * Of rows, in their order, as many as an answer holds together with the profiles it shows with each, by their keys, and with
 * what else is large of a row, in bytes; one at least. One statement.
 */
export async function fitting<Row>(
  db: Database,
  rows: readonly Row[],
  profilesOf: (row: Row) => readonly string[],
  bytesOf: (row: Row) => number = () => 0,
): Promise<Row[]> {
  const bytes = await loadProfileBytes(db, [...new Set(rows.flatMap(profilesOf))])
  let total = 0
  const end = rows.findIndex((row, index) => {
    total += profilesOf(row).reduce((sum, key) => sum + (bytes.get(key) ?? 0), bytesOf(row))
    return index > 0 && total > PAGE_BYTES
  })
  return end === -1 ? [...rows] : rows.slice(0, end)
}
