import { sql } from 'drizzle-orm'
import { at, json, query, type Database } from '../postgres/database.ts'

/** A device that is no more: its token, or the endpoint of its PushSubscription. */
export interface GoneDevice {
  /** As ids/recipient.ts writes one. */
  recipient: string
  channelId: string
  token: string
}

/**
 * Takes devices out of `tokens` and `devices` of channel data. In key order, as everybody who writes it. Answers for which
 * recipients and channels something was there.
 */
export async function dropDevices(
  db: Database,
  gone: readonly GoneDevice[],
  now: number,
): Promise<{ recipient: string; channelId: string }[]> {
  if (gone.length === 0) return []
  const rows = gone.map(({ recipient: r, channelId: c, token: t }) => ({ r, c, t }))
  const left = (
    list: string,
  ) => sql`case when jsonb_typeof(d.data -> ${list}) = 'array' then jsonb_build_object(${list}::text,
    coalesce((select jsonb_agg(e order by n) from jsonb_array_elements(d.data -> ${list}) with ordinality as l(e, n)
      where not coalesce(e ->> 'token', e ->> 'endpoint', e #>> '{}', '') = any(d.gone)), '[]')) else '{}' end`
  return query(
    db,
    sql`with gone as (
          select x.r, x.c, array_agg(x.t) as tokens from jsonb_to_recordset(${json(rows)}) as x(r text, c uuid, t text)
          group by x.r, x.c
        ), d as materialized (
          select d.recipient, d.channel_id, d.data, gone.tokens as gone from channel_data d
            join gone on d.recipient = gone.r and d.channel_id = gone.c
          order by d.recipient, d.channel_id for update of d
        ), changed as (
          select d.recipient, d.channel_id, d.data || ${left('tokens')} || ${left('devices')} as data from d
        )
        update channel_data set data = changed.data, updated_at = ${at(now)} from changed
        where channel_data.recipient = changed.recipient and channel_data.channel_id = changed.channel_id
          and channel_data.data is distinct from changed.data
        returning channel_data.recipient, channel_data.channel_id as "channelId"`,
  )
}
