import { z } from 'zod'
import { cancelKeys, cancelUser } from '../../engine/cancel-many.ts'
import { cancelTrigger } from '../../engine/cancel.ts'
import { logOutcomes } from '../http/log-outcomes.ts'
import { callerOf, replyOf } from '../http/reply-of.ts'
import { defineRoute } from '../http/define-route.ts'
import {
  bulkCancelAnswer,
  bulkCancelRequest,
  userCancelAnswer,
  userCancelRequest,
} from '../requests/cancel-without-key.ts'
import { triggerCancelRequest } from '../requests/cancel.ts'
import { verdict } from '../../resources/verdict.ts'
import { userId, workflowKey } from '../../resources/ids.ts'
import { withoutBody } from '../http/without-body.ts'

const tag = 'Workflows'
const mismatches = ['idempotency_key_mismatch', 'idempotency_key_too_long'] as const

const cancelTriggerRoute = defineRoute({
  method: 'post',
  path: '/v1/workflow_runs/:workflow_run_id/cancel',
  access: 'secret',
  scope: 'notify',
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
    const { recipients, archive_sent, reason, dry_run } = body
    const request = { recipients, archiveSent: archive_sent ?? false, reason }
    const answered = await cancelTrigger(context, callerOf(context), workflowRunId, request, dry_run ?? false)
    logOutcomes(context, 'canceled', [answered.answer])
    return withoutBody(context, replyOf(answered))
  },
})

const cancelUserRoute = defineRoute({
  method: 'post',
  path: '/v1/users/:id/cancel',
  access: 'secret',
  scope: 'notify',
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
  async handle({ params: { id }, body: { dry_run, ...request } }, context) {
    const answered = await cancelUser(context, callerOf(context), id, request, dry_run ?? false)
    logOutcomes(context, 'canceled', answered.answer.verdicts)
    return withoutBody(context, replyOf(answered))
  },
})

const bulkCancelRoute = defineRoute({
  method: 'post',
  path: '/v1/workflows/:key/bulk_cancel',
  access: 'secret',
  scope: 'notify',
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
  async handle({ params: { key }, body }, context) {
    const { cancelation_keys: cancelationKeys, archive_sent, reason, dry_run } = body
    const request = { archiveSent: archive_sent ?? false, reason }
    const target = { key, cancelationKeys }
    const answered = await cancelKeys(context, callerOf(context), target, request, dry_run ?? false)
    logOutcomes(context, 'canceled', answered.answer.verdicts)
    return withoutBody(context, replyOf(answered))
  },
})

export const cancelWithoutKeyRoutes = [cancelTriggerRoute, cancelUserRoute, bulkCancelRoute]
