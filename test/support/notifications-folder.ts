import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DefinitionsError, type DefinitionProblem } from '../../definitions/problem.ts'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { temporaryFolder } from './folder.ts'

/** A notifications folder of these files: a string is written as it is, anything else as JSON. */
export function notificationsFolder(files: Record<string, unknown>): string {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return folder
}

/** What readCatalog has to say against a folder; nothing if it takes it. */
export async function problemsOf(folder: string): Promise<readonly DefinitionProblem[]> {
  try {
    await readCatalog(folder)
    return []
  } catch (error) {
    if (error instanceof DefinitionsError) return error.problems
    throw error
  }
}
