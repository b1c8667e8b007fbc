import { recipientReference } from '../store/ids/recipient.ts'
import { transaction, type Database } from '../store/postgres/database.ts'
import type { Verdict } from '../store/recipient-runs/verdict.ts'
import { pendingRunsOf } from '../store/runs/pending-runs.ts'
import { cancelInTransaction, type CancelRequest } from './cancel.ts'
import type { Caller, EngineDeps } from './deps.ts'
import { dryRun } from './dry-run.ts'
import { addressOf, knownDefinition, type RunAddress } from './run-address.ts'
import type { Answered } from './run-idempotent.ts'
import { runIdempotentInParts } from './run-idempotent-in-parts.ts'
import { Verdicts } from './verdicts.ts'

/** What cancels need: in a worker, too. */
export type CancelDeps = Pick<EngineDeps, 'mutex' | 'signaler' | 'outbox' | 'now'> & {
  store: Pick<EngineDeps['store'], 'db'>
}

/** Runs looked up at once. */
const PAGE = 200

/** Several verdicts: the sums are complete, what is listed is bounded. */
export type VerdictsAnswer = ReturnType<Verdicts['answer']> & { dry_run?: true }

export interface UserCancelRequest {
  /** Only of this definition. */
  workflow?: string | null
  /** Only of this tenant. */
  tenant?: string | null
  reason?: string | null
}

/**
 * Cancels under up to 1,000 keys of a definition, each on its own: the verdicts of those before one that fails hold. Throws
 * `workflow_missing`, and what `runIdempotent` does.
 */
export async function cancelKeys(
  deps: EngineDeps,
  caller: Caller,
  { key, cancelationKeys }: { key: string; cancelationKeys: readonly string[] },
  request: CancelRequest,
  isDryRun = false,
): Promise<Answered<VerdictsAnswer & { workflow: string }>> {
  const workflow = await knownDefinition(deps, key)
  const work = async () => {
    const verdicts = new Verdicts()
    for (const cancelationKey of new Set(cancelationKeys))
      verdicts.add(await cancelOne(deps, caller, addressOf(workflow, cancelationKey), request, { isDryRun }))
    return { workflow, ...verdicts.answer() }
  }
  if (isDryRun) return { answer: { ...(await work()), dry_run: true }, repeats: null }
  const scope = `bulk cancel ${workflow}`
  return runIdempotentInParts(deps, caller, { scope, request: { cancelationKeys, ...request }, work })
}

/** Cancels everything pending for one user, run by run. Throws what `runIdempotent` does. */
export async function cancelUser(
  deps: EngineDeps,
  caller: Caller,
  id: string,
  request: UserCancelRequest,
  isDryRun = false,
): Promise<Answered<VerdictsAnswer & { user: string }>> {
  const work = async () => ({ user: id, ...(await cancelRecipient(deps, caller, id, request, { isDryRun })) })
  if (isDryRun) return { answer: { ...(await work()), dry_run: true }, repeats: null }
  return runIdempotentInParts(deps, caller, { scope: `cancel user ${id}`, request, work })
}

interface CancelOptions {
  isDryRun?: boolean
  /** Comes first in each transaction: where it throws, nothing more is canceled. */
  assertMeant?: (tx: Database) => Promise<void>
}

/** Cancels everything pending for one recipient, named by their key, run by run; of an object not for its subscribers. */
export async function cancelRecipient(
  deps: CancelDeps,
  caller: Caller,
  key: string,
  { workflow = null, tenant = null, reason = null }: UserCancelRequest,
  options: CancelOptions = {},
): Promise<VerdictsAnswer> {
  const verdicts = new Verdicts()
  let after: number | null = null
  for (;;) {
    const runs = await pendingRunsOf(deps.store.db, key, { workflow, tenant, after }, PAGE)
    // By their triggers: under one key, those of another tenant are not addressed.
    for (const { workflowRunIds, ...run } of runs) {
      const request = { recipients: [recipientReference(key)], itselfOnly: true, workflowRunIds, reason }
      verdicts.add(await cancelOne(deps, caller, run, request, options))
    }
    if (runs.length < PAGE) break
    // What a dry run passed is still pending.
    if (options.isDryRun === true) after = runs.at(-1)!.runId
  }
  return verdicts.answer()
}

/** Cancels in one run, in a transaction of its own; the verdict holds whatever becomes of the rest. */
async function cancelOne(
  deps: CancelDeps,
  caller: Caller,
  run: RunAddress,
  request: CancelRequest,
  { isDryRun = false, assertMeant }: CancelOptions,
): Promise<Verdict> {
  const { store, mutex, signaler } = deps
  return mutex.run(run.workflowId, async () => {
    if (isDryRun) return dryRun(store.db, (tx) => cancelInTransaction(tx, deps, caller, run, request))
    const { answer, signals } = await transaction(store.db, async (tx) => {
      await assertMeant?.(tx)
      return cancelInTransaction(tx, deps, caller, run, request)
    })
    for (const signal of signals) void signaler.send(signal)
    return answer
  })
}
