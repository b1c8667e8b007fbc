import { transaction } from '../store/postgres/database.ts'
import { findAnswer, keepAnswer, takeKey } from '../store/idempotency/idempotency.ts'
import { idempotentRequest, replayed } from './idempotent.ts'
import { Reply, type Context } from '../api/http/route.ts'

/**
 * Carries out a request that takes several transactions, once for each Idempotency-Key: its answer is kept when it is
 * complete. Given up in the middle, what was done stays done and no answer is kept: a repeat does the rest, and answers
 * for what it finds.
 */
export async function onceInParts<Answer extends object>(
  context: Context,
  { scope, body, work }: { scope: string; body: unknown; work: () => Promise<Answer> },
): Promise<Reply<Answer>> {
  const { db } = context.store
  const idempotent = idempotentRequest(context, { scope, body })
  if (idempotent === null) return new Reply(await work())
  // A repeat that comes meanwhile waits a little for the first, if that is here.
  return context.turns.run(`${idempotent.scope} ${idempotent.key}`, async () => {
    const before = await findAnswer(db, idempotent)
    if (before !== null) return replayed<Answer>(before, idempotent)
    const answer = await work()
    const first = await transaction(db, async (tx) => {
      const taken = await takeKey(tx, idempotent)
      if (taken === null) await keepAnswer(tx, idempotent, answer)
      return taken
    })
    // Carried out twice at once, in two processes: both are told the same.
    return first?.hash === idempotent.hash ? replayed<Answer>(first, idempotent) : new Reply(answer)
  })
}
