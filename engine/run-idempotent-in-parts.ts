import { transaction } from '../store/postgres/database.ts'
import { findAnswer, keepAnswer, takeKey } from '../store/idempotency/idempotency.ts'
import type { Caller, EngineDeps } from './deps.ts'
import { idempotentRequest, replayOf, type Answered } from './run-idempotent.ts'

/**
 * Carries out a command that takes several transactions, once for each Idempotency-Key: its answer is kept when it is
 * complete. Given up in the middle, what was done stays done and no answer is kept: a repeat does the rest, and answers
 * for what it finds. Throws as `runIdempotent` does.
 */
export async function runIdempotentInParts<Answer extends object>(
  { store: { db }, mutex }: Pick<EngineDeps, 'store' | 'mutex'>,
  caller: Caller,
  { scope, request, work }: { scope: string; request: unknown; work: () => Promise<Answer> },
): Promise<Answered<Answer>> {
  const idempotent = idempotentRequest(caller, { scope, request })
  if (idempotent === null) return { answer: await work(), repeats: null }
  // A repeat that comes meanwhile waits a little for the first, if that is here.
  return mutex.run(`${idempotent.scope} ${idempotent.key}`, async () => {
    const before = await findAnswer(db, idempotent)
    if (before !== null) return replayOf<Answer>(before, idempotent)
    const answer = await work()
    const first = await transaction(db, async (tx) => {
      const taken = await takeKey(tx, idempotent)
      if (taken === null) await keepAnswer(tx, idempotent, answer)
      return taken
    })
    // Carried out twice at once, in two processes: both are told the same.
    return first?.hash === idempotent.hash ? replayOf<Answer>(first, idempotent) : { answer, repeats: null }
  })
}
