import { isGrpcServiceError } from '@temporalio/client'

/** gRPC's CANCELLED, DEADLINE_EXCEEDED and UNAVAILABLE: Temporal was not reached. Anything else is about this signal. */
const AWAY = new Set([1, 4, 14])
const INVALID_ARGUMENT: number = 3
/** DEADLINE_EXCEEDED and RESOURCE_EXHAUSTED: it has more to do than it can. */
const BUSY = new Set([4, 8])

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

function grpcCode(error: unknown): number | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return cause.code
  }
  return undefined
}
