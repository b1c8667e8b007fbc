import { z } from 'zod'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { addressOf, cancelPending, knownDefinition } from '../../engine/cancel-pending.ts'
import { workflowKey } from '../../resources/ids.ts'
import { defineRoute } from '../http/define-route.ts'
import { once } from '../../engine/idempotent.ts'
import type { Context, Reply } from '../http/route.ts'
import { keyOf } from '../requests/cancelation-key.ts'
import { cancelNotifyRequest, cancelRequest, verdict, type CancelRequest } from '../../resources/verdict.ts'
import { withoutBody } from '../http/without-body.ts'

const tag = 'Workflows'
const description =
  'Takes out everyone pending under the key, or the recipients listed, and answers what that did to each. Final when answered, also while workers or Temporal are away. With Prefer: return=minimal, a 204 without a body.'

async function cancel(context: Context, key: string, request: CancelRequest): Promise<Reply<Verdict>> {
  const run = addressOf(await knownDefinition(context, key), keyOf(request)!)
  const reply = await once(context, {
    scope: `cancel ${key}`,
    body: request,
    turn: run.workflowId,
    work: (tx) => cancelPending(tx, context, run, request),
  })
  return withoutBody(context, reply)
}

const cancelRoute = defineRoute({
  method: 'post',
  path: '/v1/workflows/:key/cancel',
  tag,
  summary: 'Cancel, for everyone or for some recipients',
  description,
  params: z.object({ key: workflowKey }),
  body: cancelRequest,
  response: verdict,
  noContent: 'on request',
  errors: ['workflow_missing', 'idempotency_key_mismatch', 'idempotency_key_too_long'],
  idempotent: true,
  handle: ({ params, body }, context) => cancel(context, params.key, body),
})

const cancelNotifyRoute = defineRoute({
  method: 'post',
  path: '/v1/notify/cancel',
  tag,
  summary: 'Cancel (the API of May 2021)',
  description,
  body: cancelNotifyRequest,
  response: verdict,
  noContent: 'on request',
  errors: ['workflow_missing', 'idempotency_key_mismatch', 'idempotency_key_too_long'],
  idempotent: true,
  handle: ({ body }, context) => cancel(context, body.name, body),
})

export const cancelRoutes = [cancelRoute, cancelNotifyRoute]
