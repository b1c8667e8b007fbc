import type { Logger } from 'pino'
import { variables } from './settings.ts'

/** Read by the client in client/, which may run beside. */
const ELSEWHERE = ['BELAY_URL']

/** Variables that look like settings, and that nothing here reads: misspelt, or of another version. */
export function unknownSettings(env: NodeJS.ProcessEnv): string[] {
  const known = [...Object.keys(variables), ...ELSEWHERE]
  return Object.keys(env).filter((name) => name.startsWith('BELAY_') && env[name] !== '' && !known.includes(name))
}

/** A warning, no error: channels.json may name any variable, and only for the worker's eyes. */
export function warnOfUnknownSettings(log: Logger, env: NodeJS.ProcessEnv = process.env): void {
  for (const variable of unknownSettings(env)) {
    log.warn({ variable }, `${variable} is no setting of this version: it has no effect, unless channels.json names it`)
  }
}
