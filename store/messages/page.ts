import { sql, type SQL } from 'drizzle-orm'

/** Where a row stands in its list: the values of the list's order, first to last. */
export type Position = (string | number)[]

/** A stretch of a list: what comes after `after`, and before `before`. Lists are newest first, unless their order is ascending. */
export interface Window {
  after?: Position | undefined
  before?: Position | undefined
  size: number
}

export interface Page<Row> {
  /** In the order of the list. */
  rows: Row[]
  positionOf: (row: Row) => Position
  hasOlder: boolean
  hasNewer: boolean
}

/** The columns a list is ordered by, and a position in it as one row value and as read from a row. */
export interface Order<Row> {
  columns: SQL[]
  /** The least first. */
  ascending?: true
  valueOf: (position: Position) => SQL
  positionOf: (row: Row) => Position
}

/** With `before` alone the rows next to it are wanted, so that nothing is left out between two pages. */
function isBackwards(window: Window): boolean {
  return window.before !== undefined && window.after === undefined
}

/** The conditions that rows lie within a window’s cursors, in an order. */
export function windowConditions(window: Window, order: Order<never>): SQL[] {
  const row = sql`(${sql.join(order.columns, sql`, `)})`
  const conditions: SQL[] = []
  const [isAfter, isBefore] = order.ascending ? [sql`>`, sql`<`] : [sql`<`, sql`>`]
  if (window.after !== undefined) conditions.push(sql`${row} ${isAfter} ${order.valueOf(window.after)}`)
  if (window.before !== undefined) conditions.push(sql`${row} ${isBefore} ${order.valueOf(window.before)}`)
  return conditions
}

/** One row more than asked for tells whether there is a next page. */
export function orderAndLimit(window: Window, order: Order<never>): SQL {
  const direction = isBackwards(window) !== (order.ascending ?? false) ? sql`asc` : sql`desc`
  const columns = order.columns.map((column) => sql`${column} ${direction}`)
  return sql`order by ${sql.join(columns, sql`, `)} limit ${window.size + 1}`
}

/** The page made of what a statement with `orderAndLimit` found. */
export function pageOf<Row>(found: Row[], window: Window, { positionOf }: Order<Row>): Page<Row> {
  return pageOfRows(found.slice(0, window.size), found.length > window.size, window, { positionOf })
}

/** The page of rows in the order of `orderAndLimit`; `more` says whether there are any after them. */
export function pageOfRows<Row>(
  rows: Row[],
  more: boolean,
  window: Window,
  { positionOf }: Pick<Order<Row>, 'positionOf'>,
): Page<Row> {
  if (isBackwards(window)) return { rows: rows.reverse(), positionOf, hasOlder: true, hasNewer: more }
  return { rows, positionOf, hasOlder: more, hasNewer: window.after !== undefined }
}

/** All of these, or true. */
export function allOf(conditions: SQL[]): SQL {
  return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)
}
