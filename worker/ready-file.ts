import { rmSync, writeFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { SettingsError } from '../settings/settings.ts'

const EVERY_MS = 5_000

export interface ReadyFile {
  /** Takes the file away. */
  stop(): void
}

/**
 * Writes the file anew every few seconds while `polls` says so: a health check looks at its age. A worker that hangs, or
 * that Temporal does not see, lets it grow old.
 */
export function keepReadyFile(file: string, polls: () => Promise<boolean>, log: Logger, everyMs = EVERY_MS): ReadyFile {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  try {
    writeFileSync(file, '')
    // What is there already, of an earlier process too, says nothing of this one.
    rmSync(file)
  } catch (error) {
    throw new SettingsError(`BELAY_READY_FILE: ${file} cannot be written (${(error as Error).message})`)
  }
  async function look(): Promise<void> {
    const ready = await polls()
    if (stopped) return
    try {
      if (ready) writeFileSync(file, '')
    } catch (error) {
      log.warn({ err: error }, 'the ready file cannot be written')
    }
    timer = setTimeout(() => void look(), everyMs)
    timer.unref()
  }
  void look()
  return {
    stop() {
      stopped = true
      clearTimeout(timer)
      rmSync(file, { force: true })
    },
  }
}
