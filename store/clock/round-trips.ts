import { sql } from 'drizzle-orm'
import { query, type Database } from '../postgres/database.ts'

/** One question for the store's time. `sentAt` and `receivedAt` are monotonic milliseconds of this process. */
export interface RoundTrip {
  sentAt: number
  receivedAt: number
  /** What the store answered, epoch milliseconds. */
  storeMs: number
}

export interface Estimate {
  /** Added to this process's monotonic clock it gives the store's, epoch milliseconds. */
  base: number
  /** How far off it can be, milliseconds: half of the shortest round trip. */
  uncertaintyMs: number
}

const QUESTIONS = 5

/**
 * Asks the store for its time five times, one after the other on one connection, so that a wait for a free connection
 * counts in none of them.
 */
export function askForTime(db: Database, monotonic: () => number): Promise<RoundTrip[]> {
  return db.transaction(async (tx) => {
    const trips: RoundTrip[] = []
    for (let asked = 0; asked < QUESTIONS; asked += 1) {
      const sentAt = monotonic()
      const [row] = await query<{ ms: number }>(
        tx,
        sql`select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`,
      )
      trips.push({ sentAt, receivedAt: monotonic(), storeMs: row!.ms })
    }
    return trips
  })
}

/** The store is taken to have answered in the middle of the shortest round trip. At least one is needed. */
export function estimate(trips: readonly RoundTrip[]): Estimate {
  const lasted = (trip: RoundTrip) => trip.receivedAt - trip.sentAt
  const shortest = trips.reduce((best, trip) => (lasted(trip) < lasted(best) ? trip : best))
  return {
    base: shortest.storeMs - (shortest.sentAt + shortest.receivedAt) / 2,
    uncertaintyMs: lasted(shortest) / 2,
  }
}
