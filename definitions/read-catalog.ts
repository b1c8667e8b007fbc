import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Catalog } from './catalog.ts'
import { CHANNELS_FILE, readChannels } from './channels-file.ts'
import { DefinitionsError, type DefinitionProblem } from './problem.ts'
import { readDefinition } from './read-definition.ts'
import { isErrno } from './source.ts'
import { versionOf } from './version.ts'

/**
 * Reads the notifications folder: a definition in each of its folders, and channels.json. Other files and hidden folders
 * are left alone. Throws a DefinitionsError that lists every problem.
 */
export async function readCatalog(folder: string): Promise<Catalog> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (!isErrno(error)) throw error
    throw new DefinitionsError([{ file: folder, message: `the notifications folder cannot be read (${error.code})` }])
  })
  const { channels, problems: inChannels } = await readChannels(folder, names.includes(CHANNELS_FILE))
  const problems: DefinitionProblem[] = [...inChannels]
  const definitions = new Map<string, ReturnType<typeof versionOf>>()
  for (const key of names.filter((name) => !name.startsWith('.')).sort()) {
    if (!(await isFolder(path.join(folder, key)))) continue
    const definition = await readDefinition(folder, key, channels, problems)
    if (definition !== null) definitions.set(key, versionOf(definition))
  }
  if (problems.length > 0) throw new DefinitionsError(problems)
  return { definitions, channels }
}

/** Follows links: folders may be mounted that way. */
async function isFolder(file: string): Promise<boolean> {
  return (await stat(file)).isDirectory()
}
