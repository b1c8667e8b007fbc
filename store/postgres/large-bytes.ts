import { sql, type SQL } from 'drizzle-orm'

/** A value that takes no more in the store is not looked into: it is small, or little else than repeats. */
const SMALL = 500

/** Bytes of a JSON column as text; 0 where it is small, so that nothing is unpacked for it. */
export function largeBytes(column: SQL): SQL {
  return sql`case when pg_column_size(${column}) > ${SMALL} then octet_length((${column})::text) else 0 end`
}
