import { sql } from 'drizzle-orm'
import { query, texts, type Database } from '../postgres/database.ts'

/** How somebody came into a trigger who was not named in it. */
export interface Via {
  /** Key of the object whose subscriber they are. */
  from: string
  /** Keys of the objects without which they would not have come: each way to them leads over these. */
  only: string[]
}

export interface Subscriber {
  key: string
  via: Via
}

/**
 * The subscribers of objects, and of those among them that are objects: two levels, each recipient once, in the order of
 * their keys. `except` are left out: who is named already, and the actor. At most `limit`.
 */
export async function subscribersOf(
  db: Database,
  objects: readonly string[],
  except: readonly string[],
  limit: number,
): Promise<Subscriber[]> {
  const rows = await query<{ key: string; from: string; root: string; overFrom: boolean; overRoot: boolean }>(
    db,
    sql`with named as (select distinct unnest(${texts(objects)}) as object),
        first as (select s.recipient, s.object as root from subscriptions s join named n on n.object = s.object),
        paths as (
          select recipient, root, root as direct, 1 as depth from first
          union all
          select s.recipient, f.root, s.object, 2 from first f join subscriptions s on s.object = f.recipient
          where strpos(f.recipient, '#') > 0
        ),
        ways as (
          select recipient, root, direct,
            first_value(direct) over w as direct_0, first_value(root) over w as root_0
          from paths where recipient not in (select unnest(${texts(except)}))
          window w as (partition by recipient order by depth, direct, root)
        )
        select recipient as key, direct_0 as "from", root_0 as root,
          bool_and(direct = direct_0 or root = direct_0) as "overFrom",
          bool_and(direct = root_0 or root = root_0) as "overRoot"
        from ways group by recipient, direct_0, root_0 order by recipient limit ${limit}`,
  )
  return rows.map(({ key, from, root, overFrom, overRoot }) => {
    const only = [...(overFrom ? [from] : []), ...(overRoot && root !== from ? [root] : [])]
    return { key, via: { from, only } }
  })
}
