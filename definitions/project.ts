import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { DefinitionsError } from './problem.ts'
import { FileError, isErrno, readUtf8 } from './read-file.ts'

/** Where the parts of a notifications folder are. */
export interface Project {
  /** Holds a folder for each definition. */
  workflows: string
  /** From the folder that was given to `workflows`, with / at its end; empty where they are the same. */
  prefix: string
  /** Holds the folders layouts, partials and translations. */
  library: string
  /** Where channels.json, vars.json and preferences.json may be: the first of these that has one counts. */
  shared: readonly string[]
  /** Nothing but definitions is in `workflows`. */
  isKnock: boolean
  /** It is the folder of a definition itself. */
  isOneWorkflow: boolean
}

/** Other folders of a Knock project, which Belay does not read. */
export const OTHER_FOLDERS = ['audiences', 'guides', 'message-types', 'layouts', 'partials', 'translations'] as const

/**
 * The parts of a folder: a Knock project, which has a knock.json or a folder `workflows`, or a bare folder of definitions.
 * Throws a DefinitionsError where the folder or its knock.json cannot be read.
 */
export async function findProject(folder: string): Promise<Project> {
  const names = await namesOf(folder, '')
  const knockDir = names.includes('knock.json') ? await knockDirOf(folder) : '.'
  const root = path.join(folder, knockDir)
  const inRoot = knockDir === '.' ? names : await namesOf(root, knockDir)
  const isOneWorkflow = await isFile(path.join(folder, 'workflow.json'))
  const isKnock = inRoot.includes('workflows') && !(await isFile(path.join(root, 'workflows', 'workflow.json')))
  const workflows = isKnock ? path.join(root, 'workflows') : root
  const relative = path.relative(folder, workflows).split(path.sep).join('/')
  return {
    workflows,
    prefix: relative === '' ? '' : `${relative}/`,
    library: root,
    shared: root === folder ? [folder] : [root, folder],
    isKnock,
    isOneWorkflow,
  }
}

async function namesOf(folder: string, name: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (!isErrno(error)) throw error
    const message = `the notifications folder cannot be read (${error.code})`
    throw new DefinitionsError([
      name === '' ? { file: folder, message } : { file: 'knock.json', field: 'knockDir', message },
    ])
  })
}

/** Absent, null and empty mean the folder itself. */
async function knockDirOf(folder: string): Promise<string> {
  const refuse = (message: string) => new DefinitionsError([{ file: 'knock.json', message }])
  let value: unknown
  try {
    value = JSON.parse(await readUtf8(path.join(folder, 'knock.json')))
  } catch (error) {
    if (error instanceof FileError) throw refuse(error.message)
    throw refuse(`is not JSON: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('must hold an object')
  const given: unknown = (value as Record<string, unknown>)['knockDir']
  if (given === undefined || given === null || given === '') return '.'
  if (typeof given !== 'string') throw refuse('knockDir must be the path of a folder')
  const normal = path.normalize(given.replaceAll('\\', '/')).replace(/\/$/, '')
  if (path.isAbsolute(normal) || /^[A-Za-z]:/.test(normal) || normal.startsWith('..'))
    throw refuse('knockDir must be the path of a folder within this one')
  return normal === '' ? '.' : normal
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  )
}
