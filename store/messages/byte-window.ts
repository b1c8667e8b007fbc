import { sql, type SQL } from 'drizzle-orm'

/** Of one page of a list, as JSON. A row that is larger by itself is a page of its own. */
const PAGE_BYTES = 8 * 1_024 * 1_024
/** What a row has besides what is measured. */
const ROW_BYTES = 2_048

/**
 * `page` and `walked`, for a `with recursive`: the rows that `keys` selects (recipient_run_id, number), numbered in its order
 * from 1, and the numbers of those that fit into a page. `bytes` measures a row of `tables`. It goes row by row and stops
 * where the page is full, so that no more is unpacked than one page and one row.
 */
export function byteWindow(keys: SQL, bytes: SQL, tables: SQL, size: number): SQL {
  return sql`page as materialized (
    select recipient_run_id, number, row_number() over () as n from (${keys}) as keys
  ), walked as (
    select 0::bigint as n, 0::bigint as bytes
    union all
    select p.n, w.bytes + measured.bytes from walked w join page p on p.n = w.n + 1 and p.n <= ${size}
      cross join lateral (
        select ${ROW_BYTES} + ${bytes} as bytes from ${tables}
        where m.recipient_run_id = p.recipient_run_id and m.number = p.number
      ) as measured
    where w.n = 0 or w.bytes + measured.bytes <= ${PAGE_BYTES}
  )`
}

/** Bytes of a JSON value as text; 0 for null. */
export function jsonBytes(value: SQL): SQL {
  return sql`coalesce(octet_length((${value})::text), 0)`
}
