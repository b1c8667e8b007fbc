import { isGrpcServiceError } from '@temporalio/client'

/** gRPC's CANCELLED, DEADLINE_EXCEEDED and UNAVAILABLE: Temporal was not reached. Anything else is about this signal. */
const AWAY = new Set([1, 4, 14])
const INVALID_ARGUMENT: number = 3
/** DEADLINE_EXCEEDED and RESOURCE_EXHAUSTED: it has more to do than it can. */
const BUSY = new Set([4, 8])

/** PERMISSION_DENIED, UNIMPLEMENTED and UNAUTHENTICATED: not for this account, or not of this server. */
const FORBIDDEN = new Set([7, 12, 16])

/** Temporal was not reached, or is too busy to answer. */
export function isAway(error: unknown): boolean {
  return AWAY.has(grpcCode(error) ?? -1)
}

/** It did not answer in time, or said that it is asked too much. */
export function isBusy(error: unknown): boolean {
  return BUSY.has(grpcCode(error) ?? -1)
}

/** It will never be taken as it is: too large, or against a rule. */
export function isRefusal(error: unknown): boolean {
  return grpcCode(error) === INVALID_ARGUMENT
}

/** It will not be done for this account, however often it is asked. */
export function isForbidden(error: unknown): boolean {
  return FORBIDDEN.has(grpcCode(error) ?? -1)
}

/** What Temporal said: the message of the innermost cause, since the SDK wraps it in words of its own. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  if (cause !== undefined) return reasonOf(cause)
  return error instanceof Error ? error.message : String(error)
}

function grpcCode(error: unknown): number | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return cause.code
  }
  return undefined
}
