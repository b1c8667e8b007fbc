import { sql, type SQL } from 'drizzle-orm'
import { texts } from '../postgres/database.ts'

/** `event`: a caller's own. */
export type EventKind = 'event' | 'message' | 'workflow' | 'recipient'

/** A recipient run that begins to wait. Instants are epoch milliseconds. */
export interface EventWait {
  kind: EventKind
  name: string
  /** Of a message or a run: the workflow it is of. */
  source: string | null
  recipient: string
  until: number
  /** An event of a caller's own that came no earlier than this counts, too. */
  since: number
  /** Ends of runs, by their public ids, that an earlier wait of the recipient run has taken. */
  taken?: readonly string[]
}

/**
 * Whoever begins to wait and whoever records an event lock its subject, the first alone, the others together: so that
 * neither misses the other. Taken after all locks on rows.
 */
export function lockSubjects(subjects: readonly string[], mode: 'waits' | 'records'): SQL {
  const lock = sql.raw(mode === 'waits' ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared')
  const sorted = [...new Set(subjects)].sort()
  return sql`select ${lock}(hashtextextended(x, 4227)) from unnest(${texts(sorted)}) with ordinality as given(x, place) order by place`
}

/** What is locked for a kind of event: a caller's own by their names. */
export function subjectOf(kind: EventKind, name: string): string {
  return kind === 'event' ? `event ${name}` : kind
}
