import { inspect } from 'node:util'
import { DefinitionsError } from '../definitions/problem.ts'
import { readSettings, SettingsError } from '../settings/settings.ts'
import { warnOfUnread } from '../settings/unknown-settings.ts'
import { installRuntime } from '../worker/runtime.ts'
import { greeting } from './greeting.ts'
import { openLog } from './readable-log.ts'
import { StartError } from './start-error.ts'
import { startEmbedded } from './start.ts'

/** Aborted with the exit code: 0 if a signal asked to stop, 1 if something failed. */
const leaving = new AbortController()
const left = new Promise<void>((resolve) => leaving.signal.addEventListener('abort', () => resolve()))

/** One Ctrl-C arrives twice under `npm start`: from the terminal, and passed on by npm. */
const SAME_SIGNAL_MS = 500
let askedAt = Infinity

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // Whoever asks twice does not want to wait for what is being sent.
    if (Date.now() - askedAt > SAME_SIGNAL_MS) process.exit(1)
    askedAt = Math.min(askedAt, Date.now())
    leaving.abort(0)
  })
}

try {
  const settings = readSettings()
  const log = openLog(settings)
  warnOfUnread(log)
  const fail = (what: string) => (error: unknown) => {
    log.fatal({ err: error }, what)
    leaving.abort(1)
  }
  process.on('uncaughtException', fail('an error that nothing handles'))
  installRuntime(log)
  const embedded = await startEmbedded(settings, log, { signal: leaving.signal })
  embedded.workerStopped.catch(fail('the worker died'))
  process.stdout.write(greeting(embedded, process.stdout.isTTY))
  await left
  log.info('stopping; a second signal ends it at once')
  await embedded.stop()
} catch (error) {
  if (!leaving.signal.aborted) {
    process.stderr.write(`${plain(error)}\n`)
    leaving.abort(1)
  }
}
process.exit(leaving.signal.reason as number)

/** What the operator can put right is told in its own words; anything else with its stack. */
function plain(error: unknown): string {
  const expected = [StartError, SettingsError, DefinitionsError].some((kind) => error instanceof kind)
  return expected ? (error as Error).message : inspect(error)
}
