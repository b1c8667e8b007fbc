import type { Connection } from '@temporalio/client'
import { setTimeout as delay } from 'node:timers/promises'
import { SettingsError } from '../settings/settings.ts'

/** gRPC's code for what is not there. */
const NOT_FOUND = 5
/** temporal.api.enums.v1.RoutingConfigUpdateState: the task queues do not know yet. */
const UNDER_WAY = 1
/** A build is known some moments after its first worker polls, and task queues hear of it some moments later. */
const PATIENCE_MS = 30_000
const LOOK_MS = 250

/** A version of the worker's code, by its BELAY_BUILD_ID. */
export interface Build {
  id: string
  isCurrent: boolean
  since: Date
}

export interface BuildsOptions {
  connection: Connection
  namespace: string
  /** It names the deployment, too: two Belays in one namespace have two. */
  taskQueue: string
}

/** Every build Temporal knows, the newest first. None: no worker with a BELAY_BUILD_ID has polled yet. */
export async function listBuilds(options: BuildsOptions): Promise<Build[]> {
  const info = await describe(options)
  const current = info?.routingConfig?.currentDeploymentVersion?.buildId
  const builds = (info?.versionSummaries ?? []).map(({ deploymentVersion, createTime }) => {
    const id = deploymentVersion?.buildId ?? ''
    return { id, isCurrent: id === current, since: new Date(Number(createTime?.seconds ?? 0) * 1_000) }
  })
  return builds.sort((a, b) => b.since.getTime() - a.since.getTime())
}

/**
 * From now on all runs, those that sleep too, go on with this build from their next step, forwards or back. Resolves once
 * every task queue knows. Throws a SettingsError where no worker of it polls.
 */
export async function promoteBuild(options: BuildsOptions, id: string, withinMs = PATIENCE_MS): Promise<void> {
  const { connection, namespace, taskQueue } = options
  const until = Date.now() + withinMs
  for (; ; await delay(LOOK_MS)) {
    try {
      const build = { namespace, deploymentName: taskQueue, buildId: id }
      await connection.workflowService.setWorkerDeploymentCurrentVersion(build)
      break
    } catch (error) {
      if (Date.now() < until) continue
      const known = (await listBuilds(options)).map((build) => build.id)
      const there = known.length === 0 ? 'none' : known.join(', ')
      const reason = error instanceof Error ? error.message : String(error)
      const message = `build ${id} cannot be promoted (${reason}); builds that have polled: ${there}`
      throw new SettingsError(message, { cause: error })
    }
  }
  while (((await describe(options))?.routingConfigUpdateState as number | undefined) === UNDER_WAY) {
    if (Date.now() > until) throw new SettingsError(`build ${id} is promoted, but not all task queues know it yet`)
    await delay(LOOK_MS)
  }
}

async function describe({ connection, namespace, taskQueue }: BuildsOptions) {
  const asked = connection.workflowService.describeWorkerDeployment({ namespace, deploymentName: taskQueue })
  const answer = await asked.catch((error: unknown) => {
    if ((error as { code?: number }).code === NOT_FOUND) return undefined
    throw error
  })
  return answer?.workerDeploymentInfo
}
