import { sql, type SQL } from 'drizzle-orm'

/**
 * A timestamptz as ISO 8601 text in UTC: milliseconds as JavaScript writes them, microseconds where there are any, so
 * that nothing is lost on the way into a cursor and back.
 */
export function isoText(column: SQL): SQL {
  return sql`regexp_replace(to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '000Z$', 'Z')`
}
