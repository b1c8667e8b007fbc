import { loadClientConnectConfig } from '@temporalio/envconfig'
import { parseArgs } from 'node:util'
import { createLog } from '../settings/log.ts'
import { readSettings, SettingsError } from '../settings/settings.ts'
import { openClock } from '../store/clock/open-clock.ts'
import { pooledBy } from '../store/postgres/pooled.ts'
import { openReachablePostgres, requireSchema } from '../store/postgres/reachable.ts'
import { examine, repair, type Report } from '../temporal/doctor/doctor.ts'
import { connectToTemporal, requireNamespace } from './connect-to-temporal.ts'

const USAGE = 'npm run doctor -- [--json] [--repair [--take-over]]'

/**
 * `npm run doctor`: every difference between store and Temporal, a line each, or as JSON. `--repair` mends them. Ends with 1
 * where some are left, and with 2 where it could not look, or not at all of it.
 */
async function main(): Promise<void> {
  const given = readArguments()
  const settings = readSettings()
  if (settings.DATABASE_URL === undefined) throw new SettingsError('DATABASE_URL is needed: the store to examine')
  const log = createLog(settings)
  const store = await openReachablePostgres(settings.DATABASE_URL, pooledBy(settings))
  await requireSchema(store)
  const clock = await openClock(store.db, log)
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig()
  const connection = await connectToTemporal(connectionOptions)
  await requireNamespace(connection, namespace)
  const report = await (given.repair ? repair : examine)({
    connection,
    namespace,
    keys: settings.BELAY_PAYLOAD_KEYS,
    taskQueue: settings.BELAY_TASK_QUEUE,
    db: store.db,
    now: clock.now,
    log,
    takeOver: given.takeOver,
    // Apart from the report, which may be read by a program.
    say: (line) => console.error(line),
  })
  console.log(given.json ? JSON.stringify(report, undefined, 2) : inLines(report))
  await connection.close()
  await clock.close()
  await store.close()
  process.exitCode = report.findings.length > 0 ? 1 : report.silent > 0 ? 2 : 0
}

function readArguments(): { repair: boolean; takeOver: boolean; json: boolean } {
  try {
    const options = {
      repair: { type: 'boolean' },
      'take-over': { type: 'boolean' },
      json: { type: 'boolean' },
    } as const
    const { repair: mends = false, 'take-over': takeOver = false, json = false } = parseArgs({ options }).values
    if (takeOver && !mends) throw new Error('--take-over is for --repair')
    return { repair: mends, takeOver, json }
  } catch (error) {
    throw new SettingsError(`${error instanceof Error ? error.message : String(error)}\nUsage: ${USAGE}`)
  }
}

function inLines({ runs, silent, findings }: Report): string {
  const count = findings.length
  const conclusion =
    count > 0 ? `${count} differences` : silent > 0 ? 'no difference in what was compared' : 'store and Temporal agree'
  return [
    ...findings.map(({ kind, workflowId, text }) => {
      return `${kind.padEnd(10)} ${workflowId === undefined ? '' : `${workflowId}: `}${text}`
    }),
    ...(silent === 0
      ? []
      : [`${silent} open runs were not compared: no worker answers for them. Start one, and look again`]),
    `${runs} runs with somebody asleep; ${conclusion}`,
  ].join('\n')
}

main().catch((error: unknown) => {
  console.error(error instanceof SettingsError ? error.message : error)
  process.exit(2)
})
