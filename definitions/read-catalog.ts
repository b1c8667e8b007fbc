import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Catalog } from './catalog.ts'
import { CHANNELS_FILE, readChannels } from './channels-file.ts'
import { PREFERENCES_FILE, readPreferences } from './preferences-file.ts'
import { DefinitionsError, type DefinitionProblem } from './problem.ts'
import { readDefinition } from './read-definition.ts'
import { isErrno } from './source.ts'
import { LIBRARY_FOLDERS, readLibrary } from './library.ts'
import { readVars, secretNames, VARS_FILE } from './vars-file.ts'
import { versionOf } from './version.ts'

/**
 * Reads the notifications folder: a definition in each of its folders, channels.json, vars.json, and the folders layouts,
 * partials and translations. Other files and hidden folders are left alone. `env` is where vars.json's `$NAME` are looked for. Throws a DefinitionsError that lists every problem.
 */
export async function readCatalog(folder: string, env: NodeJS.ProcessEnv = process.env): Promise<Catalog> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (!isErrno(error)) throw error
    throw new DefinitionsError([{ file: folder, message: `the notifications folder cannot be read (${error.code})` }])
  })
  const { channels, problems: inChannels } = await readChannels(folder, names.includes(CHANNELS_FILE))
  const { vars, problems: inVars } = await readVars(folder, names.includes(VARS_FILE))
  const problems: DefinitionProblem[] = [...inChannels, ...inVars]
  const warnings = secretNames(vars)
    .filter((name) => !env[name])
    .map((name) => `vars.json: the environment variable ${name} is not set: its value shows as nothing`)
  const preferences = names.includes(PREFERENCES_FILE) ? await readPreferences(folder, problems) : undefined
  const library = { vars, ...(preferences !== undefined && { preferences }), ...(await readLibrary(folder, problems)) }
  const definitions = new Map<string, ReturnType<typeof versionOf>>()
  for (const key of names.filter((name) => !name.startsWith('.')).sort()) {
    if (LIBRARY_FOLDERS.some((name) => name === key) || !(await isFolder(path.join(folder, key)))) continue
    const definition = await readDefinition(folder, key, channels, { problems, warnings, library })
    if (definition !== null) definitions.set(key, versionOf(definition))
  }
  if (problems.length > 0) throw new DefinitionsError(problems)
  return { definitions, channels, preferences, warnings }
}

/** Follows links: folders may be mounted that way. */
async function isFolder(file: string): Promise<boolean> {
  return (await stat(file)).isDirectory()
}
