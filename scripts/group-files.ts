import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Few enough that four processes are busy to the end, and that a file which ends its process takes few others with it. */
const MOST = 6

/**
 * The Temporal SDK takes the options of its runtime once a process, and each file of the product gives its own; a trial kind
 * or channel stands in a registry before anything else is loaded.
 */
const ALONE = /\/test\/product\/|\/trial-[^/]*$/

/**
 * Writes modules that each run up to six test files of one folder, one after the other, and returns their paths. A process
 * takes seconds of a core to load what tests load, and those of a folder load much the same.
 */
export function groupFiles(files: readonly string[]): string[] {
  const folders = new Map<string, string[]>()
  for (const file of files) folders.set(dirname(file), [...(folders.get(dirname(file)) ?? []), file])
  return [...folders].flatMap(([folder, all]) => {
    const inside = all.filter((file) => !ALONE.test(file))
    const count = Math.ceil(inside.length / MOST)
    const groups = Array.from({ length: count }, (_, group) => {
      const path = join(folder, `group-${group + 1}-of-${count}.js`)
      // Dealt out: files that take long often stand side by side.
      const dealt = inside.filter((_file, i) => i % count === group)
      writeFileSync(path, dealt.map((file) => `import ${JSON.stringify(pathToFileURL(file).href)}\n`).join(''))
      return path
    })
    return [...groups, ...all.filter((file) => ALONE.test(file))]
  })
}
