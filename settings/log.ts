import { pino, type Logger, type LoggerOptions } from 'pino'
import { logError } from './log-error.ts'
import type { Settings } from './settings.ts'

/** What every log of ours is made with: errors are written as logError has them. */
export const logOptions = {
  base: null,
  serializers: { err: logError, error: logError },
} as const satisfies LoggerOptions

/** JSON lines on standard error: standard output is for what a person reads. */
export function createLog(settings: Pick<Settings, 'LOG_LEVEL'>): Logger {
  const destination = pino.destination({ dest: 2, sync: true })
  // Whoever read it has gone: that ends nothing.
  destination.on('error', () => undefined)
  return pino({ ...logOptions, level: settings.LOG_LEVEL }, destination)
}
