import { cancelIn } from '../store/recipient-runs/cancel.ts'
import type { Database } from '../store/postgres/database.ts'
import { recipientKey, type RecipientReference } from '../store/ids/recipient.ts'
import type { Verdict } from '../store/recipient-runs/verdict.ts'
import { runOfTrigger } from '../store/runs/pending-runs.ts'
import { cancelSignalOf } from './cancel-signal.ts'
import type { Caller, EngineDeps } from './deps.ts'
import { dryRun } from './dry-run.ts'
import { EngineError } from './errors.ts'
import { meantKeys } from './merged-recipients.ts'
import { addressOf, knownDefinition, type RunAddress } from './run-address.ts'
import { runIdempotent, type Answered, type Done } from './run-idempotent.ts'

/** Whom a cancel addresses, and what goes with it. */
export interface CancelRequest {
  /** Left out or null: everyone. */
  recipients?: readonly RecipientReference[] | null
  /** An object named is canceled for itself alone, and not for those who came via it. */
  itselfOnly?: boolean
  /** Left out: every trigger of the generation. */
  workflowRunIds?: string[]
  archiveSent?: boolean
  reason?: string | null
}

/** A verdict, and whether nothing came of it since it was only asked for. */
export type CancelAnswer = Verdict & { dry_run?: true }

/**
 * Cancels under a key of a definition. The verdict is final when this resolves, also while workers or Temporal are away.
 * With `isDryRun` it says what a cancel would do, and nothing is changed. Throws `workflow_missing`, and what
 * `runIdempotent` does.
 */
export async function cancel(
  deps: EngineDeps,
  caller: Caller,
  { key, cancelationKey }: { key: string; cancelationKey: string },
  request: CancelRequest,
  isDryRun = false,
): Promise<Answered<CancelAnswer>> {
  const run = addressOf(await knownDefinition(deps, key), cancelationKey)
  return cancelRun(
    deps,
    caller,
    run,
    { scope: `cancel ${key}`, asked: { cancelationKey, ...request }, request },
    isDryRun,
  )
}

/** Cancels one trigger, also one without a key. Otherwise as `cancel`; throws `trigger_missing`. */
export async function cancelTrigger(
  deps: EngineDeps,
  caller: Caller,
  workflowRunId: string,
  request: CancelRequest,
  isDryRun = false,
): Promise<Answered<CancelAnswer>> {
  const run = await runOfTrigger(deps.store.db, workflowRunId)
  if (run === undefined) throw new EngineError('trigger_missing', { message: `No trigger has the id ${workflowRunId}` })
  const scope = `cancel run ${workflowRunId}`
  const ofTrigger = { ...request, workflowRunIds: [workflowRunId] }
  return cancelRun(deps, caller, run, { scope, asked: ofTrigger, request: ofTrigger }, isDryRun)
}

async function cancelRun(
  deps: EngineDeps,
  caller: Caller,
  run: RunAddress,
  { scope, asked, request }: { scope: string; asked: object; request: CancelRequest },
  isDryRun: boolean,
): Promise<Answered<CancelAnswer>> {
  const inTransaction = (tx: Database) => cancelInTransaction(tx, deps, caller, run, request)
  const mutexKey = run.workflowId
  if (!isDryRun) return runIdempotent(deps, caller, { scope, request: asked, mutexKey, inTransaction })
  return { answer: await deps.mutex.run(mutexKey, () => dryRun(deps.store.db, inTransaction)), repeats: null }
}

/** Cancels within the caller's transaction; the signals are for after its commit. */
export async function cancelInTransaction(
  tx: Database,
  { now, outbox }: Pick<EngineDeps, 'now' | 'outbox'>,
  { apiKey }: Caller,
  run: RunAddress,
  request: CancelRequest,
): Promise<Done<Verdict>> {
  const canceled = await cancelIn(
    tx,
    { workflow: run.definition, cancelationKey: run.cancelationKey },
    {
      workflowId: run.workflowId,
      recipients: await keysOf(tx, request.recipients),
      itselfOnly: request.itselfOnly ?? false,
      workflowRunIds: request.workflowRunIds ?? null,
      archiveSent: request.archiveSent ?? false,
      apiKey,
      reason: request.reason ?? null,
      now: now(),
    },
    outbox,
  )
  return { answer: canceled.verdict, signals: cancelSignalOf(run, canceled) }
}

/** The keys of these recipients, or of whom they were merged into, each once; null for everyone. */
export async function keysOf(
  tx: Database,
  recipients: readonly RecipientReference[] | null | undefined,
): Promise<string[] | null> {
  return recipients == null ? null : meantKeys(tx, [...new Set(recipients.map(recipientKey))])
}
