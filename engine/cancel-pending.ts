import { cancelIn } from '../store/recipient-runs/cancel.ts'
import { transaction, type Database } from '../store/postgres/database.ts'
import { definitionKnown } from '../store/catalog/definitions.ts'
import { recipientKey, type RecipientReference } from '../store/ids/recipient.ts'
import type { Verdict } from '../store/recipient-runs/verdict.ts'
import { workflowIdOf } from '../store/ids/workflow-id.ts'
import { cancelSignalOf } from './cancel-signal.ts'
import { ApiError } from '../api/http/errors.ts'
import type { Done } from './idempotent.ts'
import type { Context } from '../api/http/route.ts'

/** A run as its callers know it. */
export interface RunAddress {
  workflowId: string
  definition: string
  cancelationKey: string | null
}

/** 404 if no version of the definition ever was. One that was removed keeps its sleepers, and they can be canceled. */
export async function knownDefinition({ catalog, store }: Context, key: string): Promise<string> {
  if (catalog.definitions.has(key) || (await definitionKnown(store.db, key))) return key
  throw new ApiError('workflow_missing', { message: `No workflow has the key ${key}` })
}

export function addressOf(definition: string, cancelationKey: string): RunAddress {
  return { workflowId: workflowIdOf(definition, { cancelationKey }), definition, cancelationKey }
}

export function keysOf(recipients: RecipientReference[] | null | undefined): string[] | null {
  return recipients == null ? null : [...new Set(recipients.map(recipientKey))]
}

export interface CancelWish {
  recipients?: RecipientReference[] | null
  workflowRunIds?: string[]
  archive_sent?: boolean | null
  reason?: string | null
}

/** Cancels within the caller's transaction. */
export async function cancelPending(
  tx: Database,
  { apiKey, now, outbox }: Pick<Context, 'apiKey' | 'now' | 'outbox'>,
  run: RunAddress,
  wish: CancelWish,
): Promise<Done<Verdict>> {
  const canceled = await cancelIn(
    tx,
    { workflow: run.definition, cancelationKey: run.cancelationKey },
    {
      workflowId: run.workflowId,
      recipients: keysOf(wish.recipients),
      workflowRunIds: wish.workflowRunIds ?? null,
      archiveSent: wish.archive_sent ?? false,
      apiKey,
      reason: wish.reason ?? null,
      now: now(),
    },
    outbox,
  )
  return { answer: canceled.verdict, signals: cancelSignalOf(run, canceled) }
}

/** Cancels in many runs, one after the other, each in a transaction of its own; the verdicts come as they are made. */
export async function* cancelEach(
  context: Context,
  runs: Iterable<RunAddress>,
  wish: CancelWish,
): AsyncGenerator<Verdict> {
  for (const run of runs) {
    const { answer, signals } = await context.turns.run(run.workflowId, () =>
      transaction(context.store.db, (tx) => cancelPending(tx, context, run, wish)),
    )
    for (const signal of signals) void context.signaler.send(signal)
    yield answer
  }
}
