import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'

const LOOK_MS = 500
/** Looking takes at most a twentieth of the time, however large the folder is. */
const SHARE = 20

/**
 * Calls `changed` when a file of the folder came, went or was written, once nothing has moved for half a second. It looks
 * at names, sizes and times, since not every file system tells of changes; hidden files do not count. A change of who may read
 * a file is one, too. `since` is how it stood when it was read (`stateOf`).
 */
export function watchFolder(
  folder: string,
  changed: () => Promise<void>,
  since: string,
): { close: () => Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let told = since
  let before: string | undefined
  let looking: Promise<void> = Promise.resolve()
  const look = async () => {
    const began = performance.now()
    const now = await stateOf(folder)
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

/** Names, sizes and times of a folder's files, as a text that differs once one of them does. */
export async function stateOf(folder: string): Promise<string> {
  try {
    return (await linesOf(folder, '', new Set())).join('\n')
  } catch {
    return 'away'
  }
}

/** Follows links to folders, as reading them does, but for those that lead back to a folder they are in: `within`. */
async function linesOf(folder: string, prefix: string, within: ReadonlySet<string>): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort()
  const lines = names.map(async (name): Promise<string[]> => {
    const found = await stat(path.join(folder, name)).catch(() => undefined)
    const line = prefix + name
    if (found === undefined) return [line]
    if (!found.isDirectory()) return [`${line} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`]
    const id = `${found.dev} ${found.ino}`
    if (within.has(id)) return [line]
    // One that cannot be read, or is gone by now, is as empty.
    const inside = await linesOf(path.join(folder, name), `${line}/`, new Set([...within, id])).catch(() => [])
    return [line, ...inside]
  })
  return (await Promise.all(lines)).flat()
}
