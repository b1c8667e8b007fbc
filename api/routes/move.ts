import { z } from 'zod'
import { move, type MoveAnswer, type MoveTo } from '../../engine/move.ts'
import { workflowKey } from '../../resources/ids.ts'
import { defineRoute } from '../http/define-route.ts'
import { logOutcomes } from '../http/log-outcomes.ts'
import { callerOf, replyOf } from '../http/reply-of.ts'
import type { Context, Reply } from '../http/route.ts'
import { keyOf } from '../requests/cancelation-key.ts'
import {
  rescheduleAnswer,
  rescheduleRequest,
  sendNowAnswer,
  sendNowRequest,
  type MoveRequest,
} from '../requests/move.ts'

const tag = 'Workflows'
const params = z.object({ key: workflowKey })
const errors = ['workflow_missing', 'idempotency_key_mismatch', 'idempotency_key_too_long'] as const

async function moveTo(context: Context, key: string, body: MoveRequest, to: MoveTo): Promise<Reply<MoveAnswer>> {
  const request = { cancelationKey: keyOf(body)!, recipients: body.recipients, to }
  const answered = await move(context, callerOf(context), key, request, body.dry_run ?? false)
  logOutcomes(context, 'moved', [answered.answer])
  return replyOf(answered)
}

const rescheduleRoute = defineRoute({
  method: 'post',
  path: '/v1/workflows/:key/reschedule',
  access: 'secret',
  scope: 'notify',
  tag,
  summary: 'Move what sleeps under a key to another instant',
  description:
    'The current sleep only; later steps follow from there. Racing the old instant, a message goes out once, at one of the two, and the answer says which.',
  params,
  body: rescheduleRequest,
  response: rescheduleAnswer,
  errors,
  idempotent: true,
  handle: ({ params, body }, context) =>
    moveTo(
      context,
      params.key,
      body,
      body.delay_for == null ? { until: body.delay_until! } : { for: body.delay_for },
    ) as Promise<never>,
})

const sendNowRoute = defineRoute({
  method: 'post',
  path: '/v1/workflows/:key/send_now',
  access: 'secret',
  scope: 'notify',
  tag,
  summary: 'Wake what sleeps under a key at once',
  description: 'Ends the current sleep; a step waiting for its next try is tried now.',
  params,
  body: sendNowRequest,
  response: sendNowAnswer,
  errors,
  idempotent: true,
  handle: ({ params, body }, context) => moveTo(context, params.key, body, 'now') as Promise<never>,
})

export const moveRoutes = [rescheduleRoute, sendNowRoute]
