import { readFileSync } from 'node:fs'

/** A process and all that it started, as Linux tells it; elsewhere the process alone. */
function treeOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/)
    return [pid, ...children.filter((child) => child !== '').flatMap((child) => treeOf(Number(child)))]
  } catch {
    return [pid]
  }
}

/** A signal to a process and all that it started, which may be gone. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  for (const each of treeOf(pid)) {
    try {
      process.kill(each, signal)
    } catch {
      // It has ended meanwhile.
    }
  }
}
