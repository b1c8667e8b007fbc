import { createHash } from 'node:crypto'
import { sqlState, transaction, type Database } from '../store/database.ts'
import { keepAnswer, takeKey, type IdempotentRequest, type Replay } from '../store/idempotency.ts'
import type { PendingSignal } from '../store/pending-signals.ts'
import { ApiError } from './errors.ts'
import { Reply, type Context } from './route.ts'

const MAX_KEY = 255

/** What a request came to: its answer, and what its run is to be told once that is committed. */
export interface Done<Answer> {
  answer: Answer
  signals: PendingSignal[]
}

/**
 * Carries out a request in one transaction, once for each Idempotency-Key: a repeat gets the first answer, a concurrent
 * one waits for it up to 2 s. `unfinished` finds what the first committed but may not have told its run.
 */
export async function once<Answer extends object>(
  context: Context,
  request: { scope: string; body: unknown; turn: string | null },
  work: (tx: Database) => Promise<Done<Answer>>,
  unfinished: (answer: Answer) => Promise<PendingSignal[]>,
): Promise<Reply<Answer>> {
  const { store, signaler, turns } = context
  const idempotent = idempotentRequest(context, request)
  let replay: Replay | null = null
  const carryOut = async (tx: Database): Promise<Done<Answer>> => {
    replay = idempotent === null ? null : await take(tx, idempotent)
    if (replay !== null) return { answer: replay.response as unknown as Answer, signals: [] }
    const done = await work(tx)
    if (idempotent !== null) await keepAnswer(tx, idempotent, done.answer)
    return done
  }
  const { answer, signals } = await turns.run(request.turn, () => transaction(store.db, carryOut))
  const first = replay as Replay | null
  if (first === null) {
    // A trigger waits a little, so that load pushes back on its caller; a cancel is final already.
    const sent = signals.map((signal) => ({ signal, done: signaler.send(signal) }))
    await Promise.all(sent.flatMap(({ signal, done }) => (signal.kind === 'trigger' ? [done] : [])))
    return new Reply(answer)
  }
  if (first.hash !== idempotent?.hash) throw new ApiError('idempotency_key_mismatch')
  await Promise.all((await unfinished(answer)).map((signal) => signaler.send(signal)))
  return new Reply(answer, {
    headers: { 'idempotent-replayed': 'true', 'original-x-request-id': first.requestId },
  })
}

async function take(tx: Database, request: IdempotentRequest): Promise<Replay | null> {
  try {
    return await takeKey(tx, request)
  } catch (error) {
    if (sqlState(error) !== '55P03') throw error
    const message = 'A request with this Idempotency-Key is still being carried out'
    throw new ApiError('overloaded', { message, retryAfter: 1, cause: error })
  }
}

function idempotentRequest(
  context: Context,
  { scope, body }: { scope: string; body: unknown },
): IdempotentRequest | null {
  const key = context.header('idempotency-key')
  if (key === undefined || key === '') return null
  if (key.length > MAX_KEY) throw new ApiError('idempotency_key_too_long')
  const hash = createHash('sha256').update(JSON.stringify(body)).digest('hex')
  return { scope: `${context.apiKey} ${scope}`, key, hash, requestId: context.requestId }
}
