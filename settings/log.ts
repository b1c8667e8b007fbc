import { pino, type Logger } from 'pino'
import type { Settings } from './settings.ts'

/** JSON lines on standard error: standard output is for what a person reads. */
export function createLog(settings: Pick<Settings, 'LOG_LEVEL'>): Logger {
  return pino({ level: settings.LOG_LEVEL, base: null }, pino.destination({ dest: 2, sync: true }))
}
