import { createHash } from 'node:crypto'
import { transaction, type Database } from '../store/postgres/database.ts'
import { sqlState } from '../store/postgres/store-error.ts'
import { keepAnswer, takeKey, type IdempotentRequest, type Replay } from '../store/idempotency/idempotency.ts'
import type { PendingSignal } from '../store/signals/pending-signals.ts'
import { ApiError } from '../api/http/errors.ts'
import { Reply, type Context } from '../api/http/route.ts'

const MAX_KEY = 255

/** What a request came to: its answer, and what its run is to be told once that is committed. */
export interface Done<Answer> {
  answer: Answer
  signals: PendingSignal[]
}

export interface Job<Answer> {
  scope: string
  body: unknown
  /** The run whose requests go one after the other in this process. */
  turn: string | null
  work(tx: Database): Promise<Done<Answer>>
  /** Does all of it in one statement, the key and its answer included; null if that wrote nothing and `work` is needed. */
  alone?(idempotent: IdempotentRequest | null): Promise<Done<Answer> | null>
  /** What the first of these requests has committed but may not have told its run. */
  unfinished?(answer: Answer): Promise<PendingSignal[]>
}

/**
 * Carries out a request in one transaction, once for each Idempotency-Key: a repeat gets the first answer, a concurrent
 * one waits for it up to 2 s.
 */
export async function once<Answer extends object>(context: Context, job: Job<Answer>): Promise<Reply<Answer>> {
  const { store, signaler, turns } = context
  const idempotent = idempotentRequest(context, job)
  let replay: Replay | null = null
  const carryOut = async (tx: Database): Promise<Done<Answer>> => {
    replay = idempotent === null ? null : await keyWait(takeKey(tx, idempotent))
    if (replay !== null) return { answer: replay.response as unknown as Answer, signals: [] }
    const done = await job.work(tx)
    if (idempotent !== null) await keepAnswer(tx, idempotent, done.answer)
    return done
  }
  const { answer, signals } = await turns.run(
    job.turn,
    async () => (await alone(job, idempotent)) ?? transaction(store.db, carryOut),
  )
  const first = replay as Replay | null
  if (first === null) {
    // A trigger waits a little, so that load pushes back on its caller; a cancel is final already.
    const sent = signals.map((signal) => ({ signal, done: signaler.send(signal) }))
    await Promise.all(sent.flatMap(({ signal, done }) => (signal.kind === 'trigger' ? [done] : [])))
    return new Reply(answer)
  }
  const replied = replayed<Answer>(first, idempotent!)
  const unfinished = (await job.unfinished?.(answer)) ?? []
  await Promise.all(unfinished.map((signal) => signaler.send(signal)))
  return replied
}

/** The first answer again; refused if the key was another request's. */
export function replayed<Answer extends object>(
  { hash, requestId, response }: Replay,
  idempotent: IdempotentRequest,
): Reply<Answer> {
  if (hash !== idempotent.hash) throw new ApiError('idempotency_key_mismatch')
  const headers = { 'idempotent-replayed': 'true', 'original-x-request-id': requestId }
  return new Reply(response as unknown as Answer, { headers })
}

async function alone<Answer>(job: Job<Answer>, idempotent: IdempotentRequest | null): Promise<Done<Answer> | null> {
  if (job.alone === undefined) return null
  if (idempotent === null) return job.alone(null)
  try {
    return await keyWait(job.alone(idempotent))
  } catch (error) {
    // What would be refused now may be a repeat of what was accepted, and is answered so.
    if (error instanceof ApiError && error.code !== 'overloaded') return null
    throw error
  }
}

/** Says it in the API's words when a concurrent request holds the key for longer than its wait. */
async function keyWait<Result>(taking: Promise<Result>): Promise<Result> {
  try {
    return await taking
  } catch (error) {
    if (sqlState(error) !== '55P03') throw error
    const message = 'A request with this Idempotency-Key is still being carried out'
    throw new ApiError('overloaded', { message, retryAfter: 1, cause: error })
  }
}

/** What the Idempotency-Key of a request says; null without one. */
export function idempotentRequest(
  context: Pick<Context, 'header' | 'apiKey' | 'requestId'>,
  { scope, body }: { scope: string; body: unknown },
): IdempotentRequest | null {
  const key = context.header('idempotency-key')
  if (key === undefined || key === '') return null
  if (key.length > MAX_KEY) throw new ApiError('idempotency_key_too_long')
  const hash = createHash('sha256').update(JSON.stringify(body)).digest('hex')
  return { scope: `${context.apiKey} ${scope}`, key, hash, requestId: context.requestId }
}
