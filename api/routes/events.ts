import { postEvent } from '../../engine/post-event.ts'
import { defineRoute } from '../http/define-route.ts'
import { callerOf, replyOf } from '../http/reply-of.ts'
import { eventRequest, eventResponse } from '../requests/event.ts'

const postEventRoute = defineRoute({
  method: 'post',
  path: '/v1/events',
  access: 'secret',
  scope: 'notify',
  tag: 'Events',
  summary: 'Tell of an event that workflows wait for',
  description:
    'Wakes the recipient runs that wait for it in a wait_for_event step with event_type "event". Kept for 7 days, for steps that look back. Not part of Knock’s API.',
  body: eventRequest,
  response: eventResponse,
  errors: ['idempotency_key_mismatch', 'idempotency_key_too_long'],
  idempotent: true,
  handle: async ({ body }, context) => {
    const { event, data, recipients } = body
    return replyOf(await postEvent(context, callerOf(context), { event, data, recipients: recipients ?? null }))
  },
})

export const eventRoutes = [postEventRoute]
