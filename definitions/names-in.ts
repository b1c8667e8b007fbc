import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { DefinitionProblem } from './problem.ts'
import { isErrno } from './read-file.ts'

/**
 * The names in `folder/name`, in their order, without hidden ones; none where there is no such folder. One that is there and
 * cannot be read is pushed to `problems`.
 */
export async function namesIn(folder: string, name: string, problems: DefinitionProblem[]): Promise<string[]> {
  try {
    return (await readdir(path.join(folder, name))).filter((each) => !each.startsWith('.')).sort()
  } catch (error) {
    if (!isErrno(error)) throw error
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR')
      problems.push({ file: name, message: `cannot be read (${error.code})` })
    return []
  }
}
