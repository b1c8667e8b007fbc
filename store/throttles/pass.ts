import { sql } from 'drizzle-orm'
import { at, json, query, transaction, type Database } from '../postgres/database.ts'

/** A recipient run that asks to pass a throttle. Instants are epoch milliseconds. */
export interface Passing {
  recipientRunId: number
  recipient: string
  /** Which throttle: a hash of definition, step and key. */
  throttle: string
  limit: number
  /** When a window that this pass opens would close. */
  endsAt: number
}

/** Whether it passes, and when the window it was counted in, or was refused in, is over. */
export interface Passed {
  passed: boolean
  endsAt: number
}

interface Window {
  endsAt: number
  passes: number[]
}

/**
 * Counts passes in the order of `passings`, and answers in it. The first pass opens a window, which stays as it was opened;
 * a recipient run is counted once in it, however often it asks. The counters are locked in the order of their keys.
 */
export async function countPasses(db: Database, passings: readonly Passing[], now: number): Promise<Passed[]> {
  if (passings.length === 0) return []
  return transaction(db, async (tx) => {
    const windows = await lockWindows(tx, passings, now)
    const changed = new Map<string, Passing>()
    const answers = passings.map((passing): Passed => {
      const name = nameOf(passing)
      const known = windows.get(name)
      const window = known !== undefined && known.endsAt > now ? known : { endsAt: passing.endsAt, passes: [] }
      if (window.passes.includes(passing.recipientRunId)) return { passed: true, endsAt: window.endsAt }
      if (window.passes.length >= passing.limit) return { passed: false, endsAt: window.endsAt }
      windows.set(name, { ...window, passes: [...window.passes, passing.recipientRunId] })
      changed.set(name, passing)
      return { passed: true, endsAt: window.endsAt }
    })
    await writeWindows(tx, [...changed.values()], windows)
    return answers
  })
}

const nameOf = ({ recipient, throttle }: { recipient: string; throttle: string }) => `${throttle} ${recipient}`

async function lockWindows(tx: Database, passings: readonly Passing[], now: number): Promise<Map<string, Window>> {
  const named = [...new Map(passings.map((passing) => [nameOf(passing), passing])).values()]
  const rows = named.map(({ recipient: r, throttle: t }) => ({ r, t }))
  const found = await query<{ recipient: string; throttle: string; endsAt: number; passes: number[] }>(
    tx,
    sql`insert into throttles as stored (recipient, throttle, ends_at, passes)
        select x.r, x.t, ${at(now)}, '[]'::jsonb from jsonb_to_recordset(${json(rows)}) as x(r text, t text)
        order by x.r collate "C", x.t collate "C"
        on conflict (recipient, throttle) do update set throttle = excluded.throttle
        returning recipient, throttle, passes, (extract(epoch from ends_at) * 1000)::float8 as "endsAt"`,
  )
  return new Map(found.map((row) => [nameOf(row), { endsAt: Math.round(row.endsAt), passes: row.passes }]))
}

async function writeWindows(
  tx: Database,
  counters: readonly Passing[],
  windows: ReadonlyMap<string, Window>,
): Promise<void> {
  if (counters.length === 0) return
  const rows = counters.map((counter) => {
    const { endsAt, passes } = windows.get(nameOf(counter))!
    return { r: counter.recipient, t: counter.throttle, e: endsAt, p: passes }
  })
  await tx.execute(
    sql`update throttles t set ends_at = to_timestamp(x.e / 1000.0), passes = x.p
        from jsonb_to_recordset(${json(rows)}) as x(r text, t text, e float8, p jsonb)
        where t.recipient = x.r and t.throttle = x.t`,
  )
}

const FORGOTTEN_AT_ONCE = 10_000

/** Forgets windows that are over, some thousands at a time. */
export async function forgetThrottles(db: Database, now: number): Promise<void> {
  await db.execute(
    sql`delete from throttles where (recipient, throttle) in (
          select recipient, throttle from throttles where ends_at < ${at(now)} limit ${FORGOTTEN_AT_ONCE}
          for update skip locked)`,
  )
}
