import { sql, type SQL } from 'drizzle-orm'
import { parse, stringify } from 'uuid'

/**
 * A recipient run's row id is its trigger's id and its place in the trigger, in one integer. So a trigger's rows lie
 * side by side, travel as ranges, and need no index of their own. 17 bits of place: 100,000 recipients fit, and ids
 * stay safe integers up to 2^36 triggers.
 */
const PLACES = 131_072

/** The row at a place of a trigger, 0 to 131,071. */
export function rowId(triggerId: number, place: number): number {
  return triggerId * PLACES + place
}

/** The trigger a row belongs to. */
export function triggerIdOf(row: number): number {
  return Math.floor(row / PLACES)
}

/** The first and last row id a trigger can have. */
export function rowsOf(triggerId: number): [number, number] {
  return [triggerId * PLACES, triggerId * PLACES + PLACES - 1]
}

/** In SQL, of a column: the row’s trigger. */
export function triggerOf(row: string): SQL {
  return sql.raw(`${row} / ${PLACES}`)
}

/** In SQL: whether a row is one of the trigger’s. Both arguments are names of columns, never a caller’s text. */
export function isRowOf(row: string, trigger: string): SQL {
  return sql.raw(`${row} between ${trigger} * ${PLACES} and ${trigger} * ${PLACES} + ${PLACES - 1}`)
}

/** In SQL: the row at a place of a trigger. */
export function rowAt(trigger: string, place: string): SQL {
  return sql.raw(`${trigger} * ${PLACES} + ${place}`)
}

/**
 * All row ids of the triggers `t` for which this holds, for `= any(...)`. Named one by one: of a range whose bounds are
 * columns the planner guesses that it holds a two-hundredth of the table, and for many triggers it then reads the table
 * once a trigger.
 */
export function rowIdsOf(triggers: SQL): SQL {
  return sql`array(
    select ${rowAt('t.id', 'place')}
    from triggers t cross join lateral generate_series(0, t.recipient_count - 1) place where ${triggers})`
}

/**
 * The public id of a recipient run: its trigger's UUID (version 4) as a version 8 UUID whose last 7 bytes are the row
 * id. It starts like its `workflow_run_id`, and is found again without an index.
 */
export function recipientRunUuid(workflowRunId: string, row: number): string {
  const bytes = Uint8Array.from(parse(workflowRunId))
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  let rest = row
  for (let i = 15; i >= 9; i -= 1) {
    bytes[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return stringify(bytes)
}

/** The row id inside such a UUID, or null if it cannot be one. The caller compares the UUID made again from the row found. */
export function rowOfUuid(uuid: string): number | null {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(uuid)) return null
  const row = parse(uuid)
    .subarray(9)
    .reduce((sum, byte) => sum * 256 + byte, 0)
  return Number.isSafeInteger(row) ? row : null
}
