import { chmodSync, mkdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { lockFolder } from './folder-lock.ts'
import { StartError } from './start-error.ts'

export interface DataFolder {
  /** Absolute, without links. */
  path: string
  postgres: string
  temporal: string
  release(): Promise<void>
}

/** Makes the folder if it is missing, for this user alone, and locks it for this process. */
export async function openDataFolder(path: string): Promise<DataFolder> {
  try {
    makeFolder(resolve(path))
    chmodSync(path, 0o700)
  } catch (error) {
    throw new StartError(`BELAY_DATA_DIR: ${path} cannot be made or used (${(error as Error).message})`)
  }
  const real = realpathSync(path)
  const lock = await lockFolder(real)
  return {
    path: real,
    postgres: join(real, 'postgres'),
    temporal: join(real, 'temporal.db'),
    release: () => lock.release(),
  }
}

/**
 * With what it lies in. Not by mkdir's own `recursive`: under a folder that takes no entries, such as /proc, Node 20 tries
 * for ever, and no signal reaches it.
 */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return
    const { code } = error as NodeJS.ErrnoException
    const parent = dirname(path)
    if (code !== 'ENOENT' || statSync(parent, { throwIfNoEntry: false }) !== undefined) throw error
    makeFolder(parent)
    mkdirSync(path, { mode: 0o700 })
  }
}
