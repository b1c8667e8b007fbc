import type { Catalog } from './catalog.ts'
import { readCatalog, readFolder } from './read-catalog.ts'

/**
 * The notifications folder as a process begins with it: what cannot be used is left out. With `--strict` among the
 * arguments it throws a DefinitionsError instead, as it does in any case where the folder itself cannot be read.
 */
export function catalogAtStart(folder: string, args: readonly string[] = process.argv): Promise<Catalog> {
  return args.includes('--strict') ? readCatalog(folder) : readFolder(folder)
}
