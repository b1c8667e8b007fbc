import { sql } from 'drizzle-orm'
import type { StoreIdentity } from '../../workflows/store-identity.ts'
import { query, type Database } from '../postgres/database.ts'

/** The id of this store, made when it is first asked for, and its epoch as of now. */
export async function storeIdentity(db: Database): Promise<StoreIdentity> {
  const [row] = await query<StoreIdentity>(
    db,
    sql`insert into environment (one) values (true) on conflict (one) do update set one = true returning id, epoch`,
  )
  return row!
}
