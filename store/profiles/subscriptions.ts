import { sql, type SQL } from 'drizzle-orm'
import { recipientKey, type RecipientReference } from '../ids/recipient.ts'
import {
  allOf,
  orderAndLimit,
  pageOfRows,
  windowConditions,
  type Order,
  type Page,
  type Window,
} from '../messages/page.ts'
import { at, json, query, texts, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import type { JsonObject } from '../schema/index.ts'
import { fitting } from './fitting.ts'

/** A subscription as it is stored: both sides by their keys. Instants are ISO 8601. */
export interface SubscriptionRow {
  object: string
  recipient: string
  properties: JsonObject
  inserted_at: string
  updated_at: string
}

export interface NewSubscription {
  /** Keys of recipients (store/ids/recipient.ts). */
  object: string
  recipient: string
  /** Left out: those it has, if it is there. */
  properties?: JsonObject | undefined
}

const columns = sql`object, recipient, properties, ${isoText(sql`inserted_at`)} as inserted_at,
  ${isoText(sql`updated_at`)} as updated_at`

/** Adds subscriptions, or gives those there are new properties. In key order, so that writers never deadlock. Answers them all. */
export async function putSubscriptions(
  tx: Database,
  given: readonly NewSubscription[],
  now: number,
): Promise<SubscriptionRow[]> {
  const byKey = new Map(given.map((each) => [`${each.object} ${each.recipient}`, each]))
  const rows = [...byKey.values()].map(({ object: o, recipient: r, properties: p }) => ({ o, r, p }))
  if (rows.length === 0) return []
  return query<SubscriptionRow>(
    tx,
    sql`insert into subscriptions as stored (object, recipient, properties, inserted_at, updated_at)
        select x.o, x.r, coalesce(x.p, '{}'), ${at(now)}, ${at(now)}
        from jsonb_to_recordset(${json(rows)}) as x(o text, r text, p jsonb)
        order by x.o collate "C", x.r collate "C"
        on conflict (object, recipient) do update set updated_at = excluded.updated_at, properties = case
          when exists (select from jsonb_to_recordset(${json(rows.filter(({ p }) => p === undefined))}) as k(o text, r text)
            where k.o = stored.object and k.r = stored.recipient)
          then stored.properties else excluded.properties end
        returning ${columns}`,
  )
}

/** Removes subscriptions; those that are none are left out of the answer. */
export async function deleteSubscriptions(
  db: Database,
  given: readonly { object: string; recipient: string }[],
): Promise<SubscriptionRow[]> {
  return query<SubscriptionRow>(
    db,
    sql`delete from subscriptions where (object, recipient) in (
          select x.o, x.r from jsonb_to_recordset(${json(given.map(({ object: o, recipient: r }) => ({ o, r })))}) as x(o text, r text))
        returning ${columns}`,
  )
}

/** Removes all subscriptions of these recipients, and to them, by their keys. */
export async function forgetSubscriptions(tx: Database, keys: readonly string[]): Promise<void> {
  await tx.execute(sql`delete from subscriptions where object = any(${texts(keys)}) or recipient = any(${texts(keys)})`)
}

/** Whose list it is: the recipients that subscribe to an object, or the objects a recipient subscribes to. */
export type SubscriptionList =
  | { of: 'object'; object: RecipientReference; recipients?: readonly RecipientReference[] | undefined }
  | { of: 'recipient'; recipient: RecipientReference; objects?: readonly RecipientReference[] | undefined }

/** Whose profiles are shown with a subscription. */
export const sidesOf = ({ object, recipient }: SubscriptionRow): string[] => [object, recipient]

/** A page in the order of the other side's keys, bytewise, of at most 8 MB with both sides' profiles. */
export async function listSubscriptions(
  db: Database,
  list: SubscriptionList,
  window: Window,
): Promise<Page<SubscriptionRow>> {
  const [own, other, key, others] =
    list.of === 'object'
      ? (['object', 'recipient', list.object, list.recipients] as const)
      : (['recipient', 'object', list.recipient, list.objects] as const)
  const order: Order<SubscriptionRow> = {
    columns: [sql.raw(other)],
    ascending: true,
    valueOf: ([value]) => sql`(${value}::text)`,
    positionOf: (row) => [row[other]],
  }
  const conditions: SQL[] = [sql`${sql.raw(own)} = ${recipientKey(key)}`, ...windowConditions(window, order)]
  if (others !== undefined) conditions.push(sql`${sql.raw(other)} = any(${texts(others.map(recipientKey))})`)
  const found = await query<SubscriptionRow>(
    db,
    sql`select ${columns} from subscriptions where ${allOf(conditions)} ${orderAndLimit(window, order)}`,
  )
  const page = await fitting(db, found.slice(0, window.size), sidesOf)
  return pageOfRows(page, found.length > page.length, window, order)
}

/** The properties of subscriptions: `of(object, recipient)`, by their keys. One statement. */
export async function loadSubscriptionProperties(
  db: Database,
  pairs: readonly { object: string; recipient: string }[],
): Promise<(object: string, recipient: string) => JsonObject | undefined> {
  if (pairs.length === 0) return () => undefined
  const rows = await query<{ object: string; recipient: string; properties: JsonObject }>(
    db,
    sql`select object, recipient, properties from subscriptions where (object, recipient) in (
          select x.o, x.r from jsonb_to_recordset(${json(pairs.map(({ object: o, recipient: r }) => ({ o, r })))}) as x(o text, r text))`,
  )
  const found = new Map(rows.map(({ object, recipient, properties }) => [`${object} ${recipient}`, properties]))
  return (object, recipient) => found.get(`${object} ${recipient}`)
}
