import { once } from 'node:events'
import { inspect } from 'node:util'
import { DefinitionsError } from '../definitions/problem.ts'
import { readSettings, SettingsError } from '../settings/settings.ts'
import { untilStopped } from '../settings/stopping.ts'
import { warnOfUnknownSettings } from '../settings/unknown-settings.ts'
import { startTracing } from '../metrics/tracing.ts'
import { installRuntime } from '../worker/runtime.ts'
import { greeting } from './greeting.ts'
import { openLog } from './readable-log.ts'
import { StartError } from './start-error.ts'
import { startEmbedded } from './start.ts'

const stopping = untilStopped({ secondEnds: true })
const { signal } = stopping

try {
  const settings = readSettings()
  const log = openLog(settings)
  stopping.useLog(log)
  warnOfUnknownSettings(log)
  await installRuntime(log, settings)
  const endTracing = await startTracing(settings, 'belay')
  const embedded = await startEmbedded(settings, log, { signal })
  embedded.workerStopped.catch((error: unknown) => stopping.fail(error, 'the worker died'))
  process.stdout.write(greeting(embedded, process.stdout.isTTY))
  if (!signal.aborted) await once(signal, 'abort')
  log.info('stopping; a second signal ends it at once')
  await embedded.stop()
  await endTracing()
} catch (error) {
  if (!signal.aborted) {
    process.stderr.write(`${plain(error)}\n`)
    process.exit(1)
  }
}
process.exit(stopping.exitCode())

/** What the operator can put right is told in its own words; anything else with its stack. */
function plain(error: unknown): string {
  const expected = [StartError, SettingsError, DefinitionsError].some((kind) => error instanceof kind)
  return expected ? (error as Error).message : inspect(error)
}
