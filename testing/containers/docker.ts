import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
export const root = fileURLToPath(new URL('../../', import.meta.url))

const COMMAND_MS = 600_000
const OUTPUT_BYTES = 32 * 1024 * 1024

/** What the command wrote to its standard output, or to both. Throws with what it said where it fails or takes more than ten minutes. */
export async function command(name: string, args: readonly string[], { both = false } = {}): Promise<string> {
  try {
    const { stdout, stderr } = await run(name, args, { cwd: root, timeout: COMMAND_MS, maxBuffer: OUTPUT_BYTES })
    return both ? `${stdout}${stderr}` : stdout.trim()
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    throw new Error(`${[name, ...args].join(' ')}: ${stderr?.trim() || message}`, { cause: error })
  }
}

export const docker = (...args: string[]) => command('docker', args)

/** Of the project and the ports that the runner chose (scripts/run-containers.ts): Compose reads them from the environment. */
export const compose = (...args: string[]) => docker('compose', ...args)

/** Why containers cannot be run here, or undefined. */
export async function whyNoEngine(): Promise<string | undefined> {
  try {
    await docker('info', '--format', '{{.ServerVersion}}')
  } catch (error) {
    return `no Docker engine answers: ${error instanceof Error ? error.message : String(error)}`
  }
  try {
    await docker('compose', 'version')
    return undefined
  } catch {
    return 'the Docker here has no Compose'
  }
}
