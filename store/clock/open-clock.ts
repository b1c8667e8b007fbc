import type { Logger } from 'pino'
import type { Database } from '../postgres/database.ts'
import { askForTime } from './round-trips.ts'
import { StoreClock } from './store-clock.ts'

/** The clock of a store, measured once already where the store answers. Close it before the store. */
export function openClock(db: Database, log: Pick<Logger, 'info' | 'warn'>): Promise<StoreClock> {
  return new StoreClock({ ask: () => askForTime(db, () => performance.now()), log }).start()
}
