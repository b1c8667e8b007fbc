import { sql, type SQL } from 'drizzle-orm'
import { query, type Database } from '../postgres/database.ts'

/** A table as the database has it. */
export interface Table {
  name: string
  columns: string[]
  /** Of its primary key, in its order. */
  key: { name: string; type: string }[]
}

/** All of the store's tables, by name. */
export function tablesOf(db: Database): Promise<Table[]> {
  return query<Table>(
    db,
    sql`select c.relname as name,
          (select jsonb_agg(a.attname order by a.attnum) from pg_attribute a
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
          (select jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by k.place)
            from pg_index i cross join lateral unnest(i.indkey) with ordinality k(attnum, place)
            join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
            where i.indrelid = c.oid and i.indisprimary) as key
        from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' order by c.relname`,
  )
}

export interface Page {
  /** Each as Postgres writes a row as text, which loses nothing. */
  rows: string[]
  /** The key of the last: where the next page begins. */
  last: string[]
}

/** Rows looked at for one page. */
const ROWS = 500
/** A page ends with the row that passes this: no more is in memory at once. */
const PAGE_BYTES = 4_000_000

/** The rows after a key, in its order; undefined: there are none. */
export async function readPage(
  db: Database,
  { name, key }: Table,
  after: readonly string[],
): Promise<Page | undefined> {
  const columns = list(key.map((each) => sql.identifier(each.name)))
  const bound = list(key.map(({ type }, i) => sql`${after[i] ?? ''}::text::${sql.raw(type)}`))
  const found = await query<{ text: string; key: string[] }>(
    db,
    sql`select text, key from (
          select t::text as text, jsonb_build_array(${list(key.map((each) => sql`t.${sql.identifier(each.name)}::text`))}) as key,
            row_number() over w as place, sum(octet_length(t::text)) over w - octet_length(t::text) as before
          from (
            select * from ${sql.identifier(name)}
            ${after.length === 0 ? sql`` : sql`where (${columns}) > (${bound})`} order by ${columns} limit ${ROWS}
          ) t window w as (order by ${columns} rows unbounded preceding)
        ) x where before < ${PAGE_BYTES} order by place`,
  )
  const last = found.at(-1)
  return last === undefined ? undefined : { rows: found.map(({ text }) => text), last: last.key }
}

/** Rows as `readPage` gave them, into a table with the same columns. */
export async function writeRows(db: Database, table: string, rows: readonly string[]): Promise<void> {
  const name = sql.identifier(table)
  await query(
    db,
    sql`insert into ${name} select * from unnest(
          array(select value from jsonb_array_elements_text(${JSON.stringify(rows)}::text::jsonb))::${name}[])`,
  )
}

function list(parts: readonly (SQL | ReturnType<typeof sql.identifier>)[]): SQL {
  return sql.join([...parts], sql`, `)
}
