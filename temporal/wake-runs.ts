import type { Logger } from 'pino'
import type { Database } from '../store/postgres/database.ts'
import { loadPendingSignals } from '../store/signals/pending-signals.ts'
import type { Signaler } from './signaler.ts'

/** Sends signals that a commit has left, by their ids. What fails is left to housekeeping. */
export function createWakeRuns(
  db: Database,
  signaler: Pick<Signaler, 'send'>,
  log: Logger,
): (signalIds: readonly number[]) => void {
  const send = async (only: number[]) => {
    for (const signal of await loadPendingSignals(db, { only })) void signaler.send(signal)
  }
  return (signalIds) => {
    send([...signalIds]).catch((error: unknown) => log.warn({ err: error }, 'signals not sent; housekeeping will'))
  }
}
