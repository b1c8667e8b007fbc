import { z } from 'zod'
import { acceptTrigger, type TriggerAnswer } from '../../engine/accept-trigger.ts'
import { workflowKey } from '../../resources/ids.ts'
import { defineRoute } from '../http/define-route.ts'
import { logOutcomes } from '../http/log-outcomes.ts'
import { callerOf, replyOf } from '../http/reply-of.ts'
import { Reply, type Context } from '../http/route.ts'
import { notifyRequest, notifyResponse, triggerOf, triggerRequest, triggerResponse } from '../requests/trigger.ts'

const tag = 'Workflows'
const description =
  'Accepted when answered: each recipient is served, or canceled, whatever is restarted in between. While somebody is pending under the same cancelation_key, another trigger joins them.'

/** Accepts one trigger for both of its routes. */
async function trigger(
  context: Context,
  key: string,
  body: Parameters<typeof triggerOf>[0],
): Promise<Reply<TriggerAnswer>> {
  const reply = replyOf(await acceptTrigger(context, callerOf(context), key, triggerOf(body)))
  const { workflow_run_id: id, replaced } = reply.body!
  if (replaced !== undefined) logOutcomes(context, 'canceled', [replaced])
  context.log.debug({ requestId: context.requestId, workflow_run_id: id, workflow: key }, 'a trigger was accepted')
  context.traced?.add({ 'belay.workflow_run_id': reply.body!.workflow_run_id, 'belay.workflow': key })
  return reply
}

const triggerRoute = defineRoute({
  method: 'post',
  path: '/v1/workflows/:key/trigger',
  access: 'secret',
  scope: 'notify',
  tag,
  summary: 'Trigger a workflow for some recipients',
  description,
  params: z.object({ key: workflowKey }),
  body: triggerRequest,
  largeBody: true,
  response: triggerResponse,
  errors: [
    'workflow_missing',
    'workflow_inactive',
    'workflow_invalid',
    'idempotency_key_mismatch',
    'idempotency_key_too_long',
  ],
  idempotent: true,
  handle: ({ params, body }, context) => trigger(context, params.key, body),
})

const notifyRoute = defineRoute({
  method: 'post',
  path: '/v1/notify',
  access: 'secret',
  scope: 'notify',
  tag,
  summary: 'Trigger a workflow (the API of May 2021)',
  description,
  body: notifyRequest,
  largeBody: true,
  response: notifyResponse,
  errors: [
    'workflow_missing',
    'workflow_inactive',
    'workflow_invalid',
    'idempotency_key_mismatch',
    'idempotency_key_too_long',
  ],
  idempotent: true,
  async handle({ body: { name, ...request } }, context) {
    const { body, headers } = await trigger(context, name, request)
    const { workflow_run_id: result_id, ...conflict } = body!
    return new Reply({ result_id, ...conflict }, { headers })
  },
})

export const triggerRoutes = [triggerRoute, notifyRoute]
