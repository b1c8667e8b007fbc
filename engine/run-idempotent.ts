import { createHash } from 'node:crypto'
import { configure } from 'safe-stable-stringify'
import { transaction, type Database } from '../store/postgres/database.ts'
import { sqlState } from '../store/postgres/store-error.ts'
import { keepAnswer, takeKey, type IdempotentRequest, type Replay } from '../store/idempotency/idempotency.ts'
import type { PendingSignal } from '../store/signals/pending-signals.ts'
import type { Caller, EngineDeps } from './deps.ts'
import { EngineError } from './errors.ts'

const MAX_KEY = 255

/** What a call came to: its answer, and what its run is to be told once that is committed. */
export interface Done<Answer> {
  answer: Answer
  signals: PendingSignal[]
}

/** An answer, and the request id of the call that got it first, where this is a repeat. */
export interface Answered<Answer> {
  answer: Answer
  repeats: string | null
}

export interface Command<Answer> {
  /** What is called, and on what: an Idempotency-Key counts within it and its caller. */
  scope: string
  /** All that the caller asks: a repeat must ask the same. */
  request: unknown
  /** The run whose calls go one after the other in this process. */
  mutexKey: string | null
  inTransaction(tx: Database): Promise<Done<Answer>>
  /** Does all of it in one statement, key and answer included. Null, with nothing written, if `inTransaction` is needed. */
  inOneStatement?(idempotent: IdempotentRequest | null): Promise<Done<Answer> | null>
  /** What the first of these calls has committed but may not have told its run. */
  unfinished?(answer: Answer): Promise<PendingSignal[]>
}

/**
 * Carries out a command in one transaction, once for each Idempotency-Key: a repeat gets the first answer, a concurrent
 * one waits for it up to 2 s. Throws `idempotency_key_too_long`, `idempotency_key_mismatch` where the key was another
 * request's, `idempotency_key_in_use` after those 2 s, and what the command throws.
 */
export async function runIdempotent<Answer extends object>(
  { store, signaler, mutex }: Pick<EngineDeps, 'store' | 'signaler' | 'mutex'>,
  caller: Caller,
  command: Command<Answer>,
): Promise<Answered<Answer>> {
  const idempotent = idempotentRequest(caller, command)
  let replay: Replay | null = null
  const carryOut = async (tx: Database): Promise<Done<Answer>> => {
    replay = idempotent === null ? null : await namingWait(takeKey(tx, idempotent))
    if (replay !== null) return { answer: replay.response as unknown as Answer, signals: [] }
    const done = await command.inTransaction(tx)
    if (idempotent !== null) await keepAnswer(tx, idempotent, done.answer)
    return done
  }
  const { answer, signals } = await mutex.run(
    command.mutexKey,
    async () => (await inOneStatement(command, idempotent)) ?? transaction(store.db, carryOut),
  )
  const first = replay as Replay | null
  if (first === null) {
    // A trigger waits a little, so that load pushes back on its caller; a cancel is final already.
    const sent = signals.map((signal) => ({ signal, done: signaler.send(signal) }))
    await Promise.all(sent.flatMap(({ signal, done }) => (signal.kind === 'trigger' ? [done] : [])))
    return { answer, repeats: null }
  }
  const repeated = replayOf<Answer>(first, idempotent!)
  const unfinished = (await command.unfinished?.(answer)) ?? []
  await Promise.all(unfinished.map((signal) => signaler.send(signal)))
  return repeated
}

/** The first answer again. Throws `idempotency_key_mismatch` if the key was another request's. */
export function replayOf<Answer extends object>(
  { hash, requestId, response }: Replay,
  idempotent: IdempotentRequest,
): Answered<Answer> {
  if (hash !== idempotent.hash) throw new EngineError('idempotency_key_mismatch')
  return { answer: response as unknown as Answer, repeats: requestId }
}

async function inOneStatement<Answer>(
  command: Command<Answer>,
  idempotent: IdempotentRequest | null,
): Promise<Done<Answer> | null> {
  if (command.inOneStatement === undefined) return null
  if (idempotent === null) return command.inOneStatement(null)
  try {
    return await namingWait(command.inOneStatement(idempotent))
  } catch (error) {
    // What would be refused now may be a repeat of what was accepted, and is answered so.
    if (error instanceof EngineError && error.code !== 'idempotency_key_in_use') return null
    throw error
  }
}

/** Names the error when a concurrent call holds the key for longer than its wait. */
async function namingWait<Result>(taking: Promise<Result>): Promise<Result> {
  try {
    return await taking
  } catch (error) {
    if (sqlState(error) !== '55P03') throw error
    throw new EngineError('idempotency_key_in_use', { cause: error })
  }
}

/** Fields in the order of their names, at every depth. */
const canonicalJson = configure({ deterministic: true, circularValue: Error })

/**
 * What the Idempotency-Key of a call says; null without one. Requests are the same if their canonical JSON is. The scope
 * is kept as a hash, since it holds a caller's text of any length. Throws `idempotency_key_too_long` beyond 255 characters.
 */
export function idempotentRequest(
  { idempotencyKey: key, apiKey, keyId = apiKey, requestId = '' }: Caller,
  { scope, request }: { scope: string; request: unknown },
): IdempotentRequest | null {
  if (key === undefined || key === '') return null
  if (key.length > MAX_KEY) throw new EngineError('idempotency_key_too_long')
  return { scope: sha256(`${keyId} ${scope}`), key, hash: sha256(canonicalJson(request) ?? ''), requestId }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
