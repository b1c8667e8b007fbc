import { z } from 'zod'
import { runOfTrigger } from '../../store/runs/pending-runs.ts'
import { addressOf, cancelEach, cancelPending, knownDefinition } from '../../engine/cancel-pending.ts'
import { cancelUser } from '../../engine/cancel-user.ts'
import { defineRoute } from '../http/define-route.ts'
import { ApiError } from '../http/errors.ts'
import { once } from '../../engine/idempotent.ts'
import { onceInParts } from '../../engine/idempotent-in-parts.ts'
import {
  bulkCancelAnswer,
  bulkCancelRequest,
  userCancelAnswer,
  userCancelRequest,
} from '../requests/cancel-without-key.ts'
import { triggerCancelRequest, verdict } from '../../resources/verdict.ts'
import { userId, workflowKey } from '../../resources/ids.ts'
import { Verdicts } from '../../engine/verdicts.ts'
import { withoutBody } from '../http/without-body.ts'

const tag = 'Workflows'
const mismatches = ['idempotency_key_mismatch', 'idempotency_key_too_long'] as const

const cancelTriggerRoute = defineRoute({
  method: 'post',
  path: '/v1/workflow_runs/:workflow_run_id/cancel',
  tag,
  summary: 'Cancel one trigger by its workflow_run_id',
  description: 'Also for triggers without a cancelation_key; others under the same key are left alone.',
  params: z.object({ workflow_run_id: z.uuid('must be the workflow_run_id a trigger answered') }),
  body: triggerCancelRequest,
  response: verdict,
  noContent: 'on request',
  errors: ['resource_missing', ...mismatches],
  idempotent: true,
  async handle({ params: { workflow_run_id: workflowRunId }, body }, context) {
    const run = await runOfTrigger(context.store.db, workflowRunId)
    if (run === undefined) throw new ApiError('resource_missing', { message: `No trigger has the id ${workflowRunId}` })
    const reply = await once(context, {
      scope: `cancel run ${workflowRunId}`,
      body,
      turn: run.workflowId,
      work: (tx) => cancelPending(tx, context, run, { ...body, workflowRunIds: [workflowRunId] }),
    })
    return withoutBody(context, reply)
  },
})

const cancelUserRoute = defineRoute({
  method: 'post',
  path: '/v1/users/:id/cancel',
  tag,
  summary: 'Cancel everything pending for one user',
  description:
    'Across all workflows, or of one workflow or tenant; a verdict for each run they were pending in, one after the other. Lists 10,000 at most; the summary is complete.',
  params: z.object({ id: userId }),
  body: userCancelRequest,
  response: userCancelAnswer,
  noContent: 'on request',
  errors: mismatches,
  idempotent: true,
  async handle({ params: { id }, body }, context) {
    const work = () => cancelUser(context, id, body)
    return withoutBody(context, await onceInParts(context, { scope: `cancel user ${id}`, body, work }))
  },
})

const bulkCancelRoute = defineRoute({
  method: 'post',
  path: '/v1/workflows/:key/bulk_cancel',
  tag,
  summary: 'Cancel under up to 1,000 keys',
  description:
    'Each key on its own: the verdicts of those before one that fails hold. Lists 10,000 at most, over all keys; the summaries are complete.',
  params: z.object({ key: workflowKey }),
  body: bulkCancelRequest,
  largeBody: true,
  response: bulkCancelAnswer,
  noContent: 'on request',
  errors: ['workflow_missing', ...mismatches],
  idempotent: true,
  async handle({ params, body }, context) {
    const workflow = await knownDefinition(context, params.key)
    const runs = [...new Set(body.cancelation_keys)].map((key) => addressOf(workflow, key))
    const work = async () => {
      const verdicts = new Verdicts()
      for await (const verdict of cancelEach(context, runs, body)) verdicts.add(verdict)
      return { workflow, ...verdicts.answer() }
    }
    return withoutBody(context, await onceInParts(context, { scope: `bulk cancel ${workflow}`, body, work }))
  },
})

export const cancelWithoutKeyRoutes = [cancelTriggerRoute, cancelUserRoute, bulkCancelRoute]
