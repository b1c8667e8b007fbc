import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Catalog } from './catalog.ts'
import { CHANNELS_FILE, readChannels } from './channels-file.ts'
import type { DefinitionVersion } from './definition.ts'
import { KeptDefinitions, type KeptDefinition } from './kept-definitions.ts'
import { readLibrary } from './library.ts'
import { PREFERENCES_FILE, readPreferences } from './preferences-file.ts'
import { DefinitionsError, problemLine, type DefinitionProblem } from './problem.ts'
import { findProject, OTHER_FOLDERS, type Project } from './project.ts'
import { readDefinition, type Reading } from './read-definition.ts'
import { isErrno } from './read-file.ts'
import { unknownWorkflows } from './unknown-workflows.ts'
import { readVars, unsetSecrets, VARS_FILE } from './vars-file.ts'
import { versionOf } from './version.ts'

/** Reads the notifications folder as `readFolder` does. Throws a DefinitionsError that lists every problem of every file. */
export async function readCatalog(folder: string, env: NodeJS.ProcessEnv = process.env): Promise<Catalog> {
  const catalog = await readFolder(folder, env)
  if (catalog.problems !== undefined) throw new DefinitionsError(catalog.problems)
  return catalog
}

/**
 * Reads the notifications folder, a Knock project or a bare folder: its definitions, channels.json, vars.json,
 * preferences.json, and the folders layouts, partials and translations. Other files and hidden folders are left alone.
 * A definition that cannot be used is left out with every reason, and so is one that uses a shared file that cannot be
 * used; channels.json and preferences.json concern all. `env` is where vars.json's `$NAME` are looked for. Throws a
 * DefinitionsError where the folder itself cannot be read.
 */
export function readFolder(folder: string, env: NodeJS.ProcessEnv = process.env): Promise<Catalog> {
  return folderReader(folder, env)()
}

/** Reads one folder again and again, as `readFolder` does: what has not changed since the last time is not read again. */
export function folderReader(folder: string, env: NodeJS.ProcessEnv = process.env): () => Promise<Catalog> {
  const kept = new KeptDefinitions()
  return () => readKeeping(folder, env, kept)
}

async function readKeeping(folder: string, env: NodeJS.ProcessEnv, kept: KeptDefinitions): Promise<Catalog> {
  const project = await findProject(folder)
  const problems: DefinitionProblem[] = []
  const { channels, rules, library, warnings } = await readShared(project, env, problems)
  const withoutChannels = problems.some(({ file }) => file === CHANNELS_FILE)
  const reading = { library, rules, unusable: new Set(problems.map(({ file }) => sharedNameOf(file))) }
  const { conditions, groups } = rules
  const shared = [project.workflows, channels, library, warnings, [...reading.unusable], [...conditions], [...groups]]
  kept.restingOn(JSON.stringify(shared))
  const read = new Map<string, KeptDefinition>()
  const definitions = new Map<string, DefinitionVersion>()
  const leftOut = new Map<string, DefinitionProblem[]>()
  const warningsOf = new Map<string, string[]>()
  const keys = await keysIn(project)
  const unchanged = await Promise.all(keys.map((key) => kept.unchanged(key)))
  for (const [index, key] of keys.entries()) {
    const own = { problems: [] as DefinitionProblem[], lacking: [] as DefinitionProblem[], warnings: [] as string[] }
    const stamps = new Map<string, string | null>()
    const reads = async () => {
      const found = await readDefinition(project.workflows, key, channels, { ...reading, ...own, stamps, env })
      return found === null ? null : { version: versionOf(found), warnings: own.warnings, stamps }
    }
    const definition =
      unchanged[index] ??
      (await reads().catch((error: unknown) => {
        if (!isErrno(error)) throw error
        own.problems.push({ file: key, message: `cannot be read (${error.code})` })
        return null
      }))
    problems.push(...inProject(project, own.problems))
    const triggered = definition === null ? [] : unknownWorkflows(definition.version, keys)
    const told = [...(definition?.warnings ?? own.warnings), ...triggered]
    if (told.length > 0) warningsOf.set(key, told)
    if (definition !== null) {
      definitions.set(key, definition.version)
      read.set(key, definition)
    } else leftOut.set(key, inProject(project, [...own.problems, ...own.lacking]))
  }
  kept.replace(read)
  return {
    definitions,
    channels,
    preferences: library.preferences,
    // Of a shared file each that uses it says the same.
    warnings: [...new Set([...warnings, ...[...warningsOf.values()].flat()])],
    ...(warningsOf.size > 0 && { warningsOf }),
    ...(withoutChannels && { withoutChannels }),
    ...(problems.length > 0 && { leftOut, problems }),
  }
}

async function readShared(
  project: Project,
  env: NodeJS.ProcessEnv,
  problems: DefinitionProblem[],
): Promise<Pick<Catalog, 'channels'> & Pick<Reading, 'library' | 'rules'> & { warnings: string[] }> {
  const holding = async (file: string) => {
    for (const folder of project.shared) if (await isThere(path.join(folder, file))) return folder
    return null
  }
  const ofChannels = await holding(CHANNELS_FILE)
  const { channels, rules, problems: inChannels, idle } = await readChannels(ofChannels ?? '', ofChannels !== null)
  const ofVars = await holding(VARS_FILE)
  const { vars, problems: inVars } = await readVars(ofVars ?? '', ofVars !== null)
  problems.push(...inChannels, ...inVars)
  const warnings = unsetSecrets(vars, env)
  const ofPreferences = await holding(PREFERENCES_FILE)
  const preferences = ofPreferences !== null ? await readPreferences(ofPreferences, { problems, idle }) : undefined
  warnings.push(...idle.map(problemLine))
  const shared = await readLibrary(project.library, problems, warnings)
  return { channels, rules, library: { vars, ...(preferences !== undefined && { preferences }), ...shared }, warnings }
}

/** The folders that are definitions, in the order of their names. */
async function keysIn({ workflows, isKnock }: Project): Promise<string[]> {
  const names = (await readdir(workflows)).filter((name) => !name.startsWith('.')).sort()
  const isFolder = await Promise.all(names.map((name) => isThere(path.join(workflows, name), 'folder')))
  const other: readonly string[] = isKnock ? [] : OTHER_FOLDERS
  return names.filter((name, index) => isFolder[index] === true && !other.includes(name))
}

/** `layouts/default` of a file in there: what a definition says it uses. */
function sharedNameOf(file: string): string {
  return file.split('/').slice(0, 2).join('/')
}

function inProject({ prefix }: Project, problems: readonly DefinitionProblem[]): DefinitionProblem[] {
  return problems.map((problem) => ({ ...problem, file: prefix + problem.file }))
}

/** Follows links: folders may be mounted that way. A link that leads nowhere is not there. */
async function isThere(file: string, kind?: 'folder'): Promise<boolean> {
  return stat(file).then(
    (found) => kind === undefined || found.isDirectory(),
    () => false,
  )
}
