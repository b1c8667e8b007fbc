import { pino, type Logger } from 'pino'
import { createLog, logOptions } from '../settings/log.ts'
import type { Settings } from '../settings/settings.ts'

/** One line of text an entry where a person reads it, on standard error as every log; JSON lines elsewhere. */
export function openLog(settings: Pick<Settings, 'LOG_LEVEL'>): Logger {
  if (!process.stderr.isTTY) return createLog(settings)
  const options = { ...logOptions, level: settings.LOG_LEVEL }
  return pino(options, { write: (line: string) => process.stderr.write(readable(line)) })
}

function readable(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as Entry
  const label = pino.levels.labels[level] ?? String(level)
  const more = Object.entries(rest).map(([name, value]) => ` ${name}=${text(value)}`)
  const stack = err === undefined ? '' : `\n${err.stack ?? err.message ?? ''}`
  return `${new Date(time).toISOString().slice(11, 19)} ${label.padEnd(5)} ${msg ?? ''}${more.join('')}${stack}\n`
}

interface Entry {
  level: number
  time: number
  msg?: string
  err?: { stack?: string; message?: string }
  [name: string]: unknown
}

const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
