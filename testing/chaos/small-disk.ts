import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../fixtures/folder.ts'

const SIZE = '400m'
const BLOCK = Buffer.alloc(65_536)

/** A file system of its own in memory; or why there is none. */
export function smallDisk(): { folder: string; close: () => void } | { missing: string } {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return { missing: 'a disk of its own needs Linux and root' }
  const folder = temporaryFolder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=755`, 'tmpfs', folder], { stdio: 'pipe' })
  } catch (error) {
    return { missing: `no disk of its own: ${String(error).split('\n')[0]!}` }
  }
  return { folder, close: () => void execFileSync('umount', ['--lazy', folder]) }
}

/** Leaves no room on it; the answer makes room again. */
export function fillDisk(folder: string): () => void {
  const file = join(folder, 'full')
  const to = openSync(file, 'w')
  try {
    for (;;) if (writeSync(to, BLOCK) < BLOCK.length) break
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(to)
  }
  return () => rmSync(file, { force: true })
}
