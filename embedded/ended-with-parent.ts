import { spawnSync } from 'node:child_process'

let setpriv: boolean | undefined

/**
 * The same command, but told `signal` by the kernel when this process dies, even by SIGKILL. Only on Linux with
 * util-linux's setpriv; elsewhere the command as it is. Call it on the main thread: the kernel means the thread that forks.
 */
export function endedWithParent(signal: 'TERM' | 'INT', command: string, args: readonly string[]): [string, string[]] {
  setpriv ??= spawnSync('setpriv', ['--pdeathsig', 'TERM', 'true'], { stdio: 'ignore' }).status === 0
  return setpriv ? ['setpriv', ['--pdeathsig', signal, command, ...args]] : [command, [...args]]
}
