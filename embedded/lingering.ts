import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/** Arguments that do nothing but name the file in the command line, so that this server is known again. */
export function markOf(dbFile: string): string[] {
  return ['--dynamic-config-value', `belay.dbFile=${JSON.stringify(dbFile)}`]
}

/** Where the pid of the dev server that uses `dbFile` is kept. */
const pidFile = (dbFile: string) => `${dbFile}.pid`

/** Writes down which process has the file open, for the next start to end it if this one cannot. */
export function rememberServer(dbFile: string, pid: number): void {
  writeFileSync(pidFile(dbFile), String(pid))
}

/** It has ended: nothing is left for the next start. */
export function forgetServer(dbFile: string): void {
  rmSync(pidFile(dbFile), { force: true })
}

/**
 * Ends the dev server that an earlier start on `dbFile` left behind, if there is one, and says whether there was. A
 * process that merely has its pid now is left alone: its command line would have to name the same file.
 */
export async function endLingeringServer(dbFile: string, patienceMs = 10_000): Promise<boolean> {
  const pid = remembered(dbFile)
  if (pid === null || !runs(pid, dbFile)) return false
  const deadline = Date.now() + patienceMs
  kill(pid, 'SIGTERM')
  while (runs(pid, dbFile)) {
    if (Date.now() > deadline) kill(pid, 'SIGKILL')
    await wait(50)
  }
  forgetServer(dbFile)
  return true
}

function remembered(dbFile: string): number | null {
  try {
    const pid = Number(readFileSync(pidFile(dbFile), 'utf8'))
    return Number.isSafeInteger(pid) && pid > 1 ? pid : null
  } catch {
    return null
  }
}

function runs(pid: number, dbFile: string): boolean {
  return commandLine(pid).includes(markOf(dbFile)[1]!)
}

/** Empty if there is no such process, or only its exit status is left. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    if (process.platform === 'linux') return ''
    return spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
