import type { Caller } from '../../engine/deps.ts'
import type { Answered } from '../../engine/run-idempotent.ts'
import { invalid } from './errors.ts'
import { Reply, type Context } from './route.ts'

/** Who calls, as the engine is told: the request's key, its id and its Idempotency-Key. Throws `invalid_params` for an empty one. */
export function callerOf(context: Pick<Context, 'apiKey' | 'caller' | 'requestId' | 'traced' | 'header'>): Caller {
  const { apiKey, caller, requestId, traced, header } = context
  const idempotencyKey = header('idempotency-key')
  if (idempotencyKey?.trim() === '')
    throw invalid(
      'Idempotency-Key',
      'must not be empty: send a key for each request, or leave the header out',
      'length',
    )
  return { apiKey, keyId: caller.id, requestId, trace: traced?.traceparent, idempotencyKey }
}

/** The 200 of an engine's answer; a repeat says so, and names the request that got it first. */
export function replyOf<Answer>({ answer, repeats }: Answered<Answer>): Reply<Answer> {
  const headers: Record<string, string> =
    repeats === null ? {} : { 'idempotent-replayed': 'true', 'original-x-request-id': repeats }
  return new Reply(answer, { headers })
}
