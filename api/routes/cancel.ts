import { z } from 'zod'
import { cancel, type CancelAnswer } from '../../engine/cancel.ts'
import { workflowKey } from '../../resources/ids.ts'
import { defineRoute } from '../http/define-route.ts'
import { logOutcomes } from '../http/log-outcomes.ts'
import { callerOf, replyOf } from '../http/reply-of.ts'
import type { Context, Reply } from '../http/route.ts'
import { keyOf } from '../requests/cancelation-key.ts'
import { cancelNotifyRequest, cancelRequest, type CancelRequest } from '../requests/cancel.ts'
import { verdict } from '../../resources/verdict.ts'
import { withoutBody } from '../http/without-body.ts'

const tag = 'Workflows'
const description =
  'Takes out everyone pending under the key, or the recipients listed, and answers what that did to each. Final when answered, also while workers or Temporal are away. With Prefer: return=minimal, a 204 without a body.'

/** Cancels under a key, for both of its routes. */
async function cancelUnderKey(context: Context, key: string, body: CancelRequest): Promise<Reply<CancelAnswer>> {
  const { recipients, archive_sent, reason, dry_run } = body
  const request = { recipients, archiveSent: archive_sent ?? false, reason }
  const target = { key, cancelationKey: keyOf(body)! }
  const answered = await cancel(context, callerOf(context), target, request, dry_run ?? false)
  logOutcomes(context, 'canceled', [answered.answer])
  return withoutBody(context, replyOf(answered))
}

const cancelRoute = defineRoute({
  method: 'post',
  path: '/v1/workflows/:key/cancel',
  access: 'secret',
  scope: 'notify',
  tag,
  summary: 'Cancel, for everyone or for some recipients',
  description,
  params: z.object({ key: workflowKey }),
  body: cancelRequest,
  response: verdict,
  noContent: 'on request',
  errors: ['workflow_missing', 'idempotency_key_mismatch', 'idempotency_key_too_long'],
  idempotent: true,
  handle: ({ params, body }, context) => cancelUnderKey(context, params.key, body),
})

const cancelNotifyRoute = defineRoute({
  method: 'post',
  path: '/v1/notify/cancel',
  access: 'secret',
  scope: 'notify',
  tag,
  summary: 'Cancel (the API of May 2021)',
  description,
  body: cancelNotifyRequest,
  response: verdict,
  noContent: 'on request',
  errors: ['workflow_missing', 'idempotency_key_mismatch', 'idempotency_key_too_long'],
  idempotent: true,
  handle: ({ body }, context) => cancelUnderKey(context, body.name, body),
})

export const cancelRoutes = [cancelRoute, cancelNotifyRoute]
