import type { Catalog } from './catalog.ts'
import { DefinitionsError } from './problem.ts'

/**
 * The notifications folder as a process begins with it, by a reader of it: what cannot be used is left out. With `--strict` among the
 * arguments it throws a DefinitionsError instead, as it does in any case where the folder itself cannot be read.
 */
export async function catalogAtStart(
  read: () => Promise<Catalog>,
  args: readonly string[] = process.argv,
): Promise<Catalog> {
  const catalog = await read()
  if (args.includes('--strict') && catalog.problems !== undefined) throw new DefinitionsError(catalog.problems)
  return catalog
}
