import { sql } from 'drizzle-orm'
import { query, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'

export interface ChannelTimes {
  created_at: string
  updated_at: string
}

/** When each channel was first and last published, by its key. */
export async function channelTimes(db: Database): Promise<Map<string, ChannelTimes>> {
  const rows = await query<ChannelTimes & { key: string }>(
    db,
    sql`select key, ${isoText(sql`created_at`)} as created_at, ${isoText(sql`updated_at`)} as updated_at from channels`,
  )
  return new Map(rows.map(({ key, ...times }) => [key, times]))
}
