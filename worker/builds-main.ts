import { loadClientConnectConfig } from '@temporalio/envconfig'
import { readSettings, SettingsError } from '../settings/settings.ts'
import { listBuilds, promoteBuild } from '../temporal/builds.ts'
import { connectToTemporal, requireNamespace } from './connect-to-temporal.ts'

const USAGE = 'npm run builds -- list | promote <BELAY_BUILD_ID>'

/** `npm run builds`: which builds of the worker there are, and which one carries out all runs. */
async function main([command, id, ...others]: string[]): Promise<void> {
  const isPromotion = command === 'promote' && id !== undefined
  if ((command !== 'list' && !isPromotion) || others.length > 0) throw new SettingsError(`Usage: ${USAGE}`)
  const settings = readSettings()
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig()
  const connection = await connectToTemporal(connectionOptions)
  await requireNamespace(connection, namespace)
  const options = { connection, namespace, taskQueue: settings.BELAY_TASK_QUEUE }
  if (isPromotion) {
    await promoteBuild(options, id)
    console.log(`all runs go on with build ${id} from their next step`)
  } else {
    const builds = await listBuilds(options)
    if (builds.length === 0) console.log('no worker with a BELAY_BUILD_ID has polled')
    for (const build of builds) {
      console.log(`${build.isCurrent ? 'current' : '       '}  ${build.since.toISOString()}  ${build.id}`)
    }
  }
  await connection.close()
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof SettingsError ? error.message : error)
  process.exitCode = 1
})
