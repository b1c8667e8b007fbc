import { chmodSync, mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
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
    mkdirSync(path, { recursive: true, mode: 0o700 })
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
