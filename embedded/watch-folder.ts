import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'

const LOOK_MS = 500
/** Looking takes at most a twentieth of the time, however large the folder is. */
const SHARE = 20

/**
 * Calls `changed` when a file of the folder came, went or was written, once nothing has moved for half a second. It looks
 * at names, sizes and times, since not every file system tells of changes; hidden files do not count.
 */
export function watchFolder(folder: string, changed: () => Promise<void>): { close: () => Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let told: string | undefined
  let before: string | undefined
  let looking: Promise<void> = Promise.resolve()
  const look = async () => {
    const began = performance.now()
    const now = await fingerprint(folder)
    told ??= now
    if (now !== told && now === before) {
      told = now
      await changed()
    }
    before = now
    if (closed) return
    timer = setTimeout(start, Math.max(LOOK_MS, SHARE * (performance.now() - began)))
    timer.unref()
  }
  const start = () => {
    looking = look()
  }
  start()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await looking
    },
  }
}

async function fingerprint(folder: string): Promise<string> {
  try {
    const names = await readdir(folder, { recursive: true })
    const lines = names
      .filter((name) => !name.split(path.sep).some((part) => part.startsWith('.')))
      .sort()
      .map(async (name) => {
        const found = await stat(path.join(folder, name)).catch(() => undefined)
        return `${name} ${found === undefined || found.isDirectory() ? '' : `${found.size} ${found.mtimeMs}`}`
      })
    return (await Promise.all(lines)).join('\n')
  } catch {
    return 'away'
  }
}
