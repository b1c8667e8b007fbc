import { ApplicationFailure, CancelledFailure, CompleteAsyncError, type Context } from '@temporalio/activity'
import type { ActivityInterceptorsFactory } from '@temporalio/worker'
import type { Logger } from 'pino'
import { framesOf } from '../settings/log-error.ts'
import { StoreError } from '../store/postgres/store-error.ts'

/**
 * Lets no message but our own out of a Temporal activity: a history is kept for good, and what a library says may quote
 * names, addresses and rendered text. What the store refuses for good is not tried again; everything else is. A foreign
 * error stands in this worker's log.
 */
export function ownErrors(log: Pick<Logger, 'warn'>): ActivityInterceptorsFactory {
  return (context: Context) => ({
    inbound: {
      async execute(input, next) {
        try {
          return await next(input)
        } catch (error) {
          if (error instanceof CompleteAsyncError || error instanceof CancelledFailure) throw error
          if (error instanceof ApplicationFailure || error instanceof StoreError) throw toFailure(error)
          const { activityType, attempt, workflowExecution } = context.info
          log.warn(
            { err: error, activityType, attempt, workflowId: workflowExecution?.workflowId },
            'an activity failed',
          )
          throw toFailure(error)
        }
      },
    },
  })
}

/** Ours with their message, a foreign one by its class alone. No cause: it would carry a foreign message. */
function toFailure(error: unknown): ApplicationFailure {
  const failure =
    error instanceof ApplicationFailure
      ? ApplicationFailure.create({
          message: error.message,
          type: error.type ?? 'ApplicationFailure',
          nonRetryable: error.nonRetryable === true,
          nextRetryDelay: error.nextRetryDelay ?? undefined,
        })
      : error instanceof StoreError
        ? ApplicationFailure.create({
            message: error.message,
            type: 'StoreError',
            nonRetryable: error.fault === 'refused',
          })
        : ApplicationFailure.create({
            message: "failed for a reason that stands in the worker's log",
            type: error instanceof Error ? classOf(error) : typeof error,
          })
  // Temporal keeps the stack, whose first lines are the message.
  failure.stack = `${failure.name}: ${failure.message}\n${error instanceof Error ? framesOf(error) : ''}`
  return failure
}

const classOf = (error: Error) => (error.name === 'Error' ? error.constructor.name : error.name)
