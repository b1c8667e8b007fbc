import { z } from 'zod'
import { runOfTrigger } from '../../store/pending-runs.ts'
import type { Verdict } from '../../store/verdict.ts'
import { addressOf, cancelEach, cancelPending, knownDefinition } from '../cancel-pending.ts'
import { cancelUser, statusOf, summaryOf } from '../cancel-user.ts'
import { defineRoute } from '../define-route.ts'
import { ApiError } from '../errors.ts'
import { once } from '../idempotency.ts'
import {
  bulkCancelAnswer,
  bulkCancelRequest,
  userCancelAnswer,
  userCancelRequest,
} from '../schemas/cancel-without-key.ts'
import { triggerCancelRequest, verdict } from '../schemas/verdict.ts'
import { userId } from '../schemas/user.ts'

const tag = 'Workflows'
/** Recipients listed in one answer over all of its verdicts. */
const MAX_ENTRIES = 10_000

const cancelTriggerRoute = defineRoute({
  method: 'post',
  path: '/v1/workflow_runs/:workflow_run_id/cancel',
  tag,
  summary: 'Cancel one trigger by its workflow_run_id',
  description: 'Also for triggers without a cancelation_key; others under the same key are left alone.',
  params: z.object({ workflow_run_id: z.uuid('must be the workflow_run_id a trigger answered') }),
  body: triggerCancelRequest,
  response: verdict,
  errors: ['resource_missing', 'idempotency_key_mismatch', 'idempotency_key_too_long'],
  idempotent: true,
  async handle({ params: { workflow_run_id: workflowRunId }, body }, context) {
    const run = await runOfTrigger(context.store.db, workflowRunId)
    if (run === undefined) throw new ApiError('resource_missing', { message: `No trigger has the id ${workflowRunId}` })
    return once(context, {
      scope: `cancel run ${workflowRunId}`,
      body,
      turn: run.workflowId,
      work: (tx) => cancelPending(tx, context, run, { ...body, workflowRunId }),
    })
  },
})

const cancelUserRoute = defineRoute({
  method: 'post',
  path: '/v1/users/:id/cancel',
  tag,
  summary: 'Cancel everything pending for one user',
  description: 'Across all workflows, or of one workflow or tenant; a verdict for each trigger they were pending in.',
  params: z.object({ id: userId }),
  body: userCancelRequest,
  response: userCancelAnswer,
  handle: ({ params, body }, context) => cancelUser(context, params.id, body),
})

const bulkCancelRoute = defineRoute({
  method: 'post',
  path: '/v1/workflows/:key/bulk_cancel',
  tag,
  summary: 'Cancel under up to 1,000 keys',
  description:
    'Each key on its own: the verdicts of those before one that fails hold. Lists 10,000 recipients at most, over all keys.',
  params: z.object({ key: z.string() }),
  body: bulkCancelRequest,
  response: bulkCancelAnswer,
  errors: ['workflow_missing'],
  async handle({ params, body }, context) {
    const definition = await knownDefinition(context, params.key)
    const runs = [...new Set(body.cancelation_keys)].map((key) => addressOf(definition, key))
    const verdicts: Verdict[] = []
    let left = MAX_ENTRIES
    for await (const { recipients, ...rest } of cancelEach(context, runs, body)) {
      const listed = recipients.slice(0, left)
      left -= listed.length
      verdicts.push({
        ...rest,
        recipients: listed,
        ...(listed.length < recipients.length && { truncated: true as const }),
      })
    }
    return { workflow: definition, status: statusOf(verdicts), summary: summaryOf(verdicts), verdicts }
  },
})

export const cancelWithoutKeyRoutes = [cancelTriggerRoute, cancelUserRoute, bulkCancelRoute]
