import { z } from 'zod'
import { loadPendingSignals } from '../../store/signals/pending-signals.ts'
import { acceptTrigger, activeVersion, type TriggerAnswer } from '../../engine/accept-trigger.ts'
import { addressOf } from '../../engine/cancel-pending.ts'
import { workflowKey } from '../../resources/ids.ts'
import { defineRoute } from '../http/define-route.ts'
import { once } from '../../engine/idempotent.ts'
import { Reply, type Context } from '../http/route.ts'
import { keyOf } from '../requests/cancelation-key.ts'
import {
  notifyRequest,
  notifyResponse,
  triggerRequest,
  triggerResponse,
  type TriggerRequest,
} from '../requests/trigger.ts'

const tag = 'Workflows'
const description =
  'Accepted when answered: each recipient is served, or canceled, whatever is restarted in between. While somebody is pending under the same cancelation_key, another trigger joins them.'

async function trigger(context: Context, key: string, request: TriggerRequest): Promise<Reply<TriggerAnswer>> {
  // Judged only when it is no repeat: what was accepted once is answered so again, though its instant is past by now.
  const judge = () => acceptTrigger(context, activeVersion(context, key), request)
  const cancelationKey = keyOf(request)
  return once(context, {
    scope: `trigger ${key}`,
    body: request,
    turn: cancelationKey === null ? null : addressOf(key, cancelationKey).workflowId,
    work: async (tx) => judge().within(tx),
    alone: async (idempotent) => judge().alone(idempotent),
    unfinished: ({ workflow_run_id: workflowRunId }) => loadPendingSignals(context.store.db, { workflowRunId }),
  })
}

const triggerRoute = defineRoute({
  method: 'post',
  path: '/v1/workflows/:key/trigger',
  tag,
  summary: 'Trigger a workflow for some recipients',
  description,
  params: z.object({ key: workflowKey }),
  body: triggerRequest,
  largeBody: true,
  response: triggerResponse,
  errors: ['workflow_missing', 'workflow_inactive', 'idempotency_key_mismatch', 'idempotency_key_too_long'],
  idempotent: true,
  handle: ({ params, body }, context) => trigger(context, params.key, body),
})

const notifyRoute = defineRoute({
  method: 'post',
  path: '/v1/notify',
  tag,
  summary: 'Trigger a workflow (the API of May 2021)',
  description,
  body: notifyRequest,
  largeBody: true,
  response: notifyResponse,
  errors: ['workflow_missing', 'workflow_inactive', 'idempotency_key_mismatch', 'idempotency_key_too_long'],
  idempotent: true,
  async handle({ body: { name, ...request } }, context) {
    const { body, headers } = await trigger(context, name, request)
    const { workflow_run_id: result_id, ...conflict } = body!
    return new Reply({ result_id, ...conflict }, { headers })
  },
})

export const triggerRoutes = [triggerRoute, notifyRoute]
