import { bundleWorkflowCode } from '@temporalio/worker'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Built code runs from `.js`, everything else from the sources. */
function workflowsPath(): string {
  const built = new URL('../workflows/index.js', import.meta.url)
  return fileURLToPath(existsSync(built) ? built : new URL('../workflows/index.ts', import.meta.url))
}

/**
 * The workflow code in one text, as a worker of the same SDK version loads it. Takes about 2 s. Its modules are
 * evaluated once a worker, not once a run, so nothing at their top may change (eslint.config.js refuses the usual ways).
 */
async function bundleWorkflows(): Promise<{ code: string }> {
  const quiet = () => undefined
  const logger = { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: console.warn, error: console.error }
  const path = workflowsPath()
  return bundleWorkflowCode({ workflowsPath: path, preloadModules: [path], logger })
}

/** Bundles the workflow code into a file, as a worker in production reads it. */
export async function writeBundle(file: string): Promise<void> {
  const { code } = await bundleWorkflows()
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, code)
}

/** Where `npm run build` puts the bundle. */
export const builtBundle = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url))

/** The bundle that stands beside built code, or one that is made now. */
export async function ownBundle(): Promise<{ codePath: string } | { code: string }> {
  return existsSync(builtBundle) ? { codePath: builtBundle } : bundleWorkflows()
}
