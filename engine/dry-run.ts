import { transaction, type Database } from '../store/postgres/database.ts'

/** Ends a transaction that is to change nothing. */
class RolledBack extends Error {
  override readonly name = 'RolledBack'
}

/**
 * Does the work in a transaction that is rolled back: its answer says what would have come of it. Nothing is changed, told
 * or kept, but the rows it looks at are locked meanwhile.
 */
export async function dryRun<Answer extends object>(
  db: Database,
  work: (tx: Database) => Promise<{ answer: Answer }>,
): Promise<Answer & { dry_run: true }> {
  let answer: Answer | undefined
  try {
    await transaction(db, async (tx) => {
      answer = (await work(tx)).answer
      throw new RolledBack()
    })
  } catch (error) {
    if (!(error instanceof RolledBack)) throw error
  }
  return { ...answer!, dry_run: true }
}
