import { z } from 'zod'
import { after, withinYear } from '../../steps/delay/delay.ts'
import { instantForm, readInstant } from '../../store/clock/read-instant.ts'
import { moveIn, type Move } from '../../store/recipient-runs/move.ts'
import { addressOf, keysOf, knownDefinition } from '../../engine/cancel-pending.ts'
import { workflowKey } from '../../resources/ids.ts'
import { defineRoute } from '../http/define-route.ts'
import { invalid } from '../http/errors.ts'
import { once } from '../../engine/idempotent.ts'
import type { Context } from '../http/route.ts'
import { keyOf } from '../requests/cancelation-key.ts'
import {
  rescheduleAnswer,
  rescheduleRequest,
  sendNowAnswer,
  sendNowRequest,
  type MoveRequest,
  type RescheduleRequest,
} from '../requests/move.ts'

const tag = 'Workflows'
const params = z.object({ key: workflowKey })
const errors = ['workflow_missing', 'idempotency_key_mismatch', 'idempotency_key_too_long'] as const

/** `dueAt` is asked only when it is no repeat: what was moved once is answered so again, though its instant is past by now. */
async function move(
  context: Context,
  key: string,
  request: MoveRequest,
  to: Move['to'],
  dueAt: (now: number) => number,
) {
  const run = addressOf(await knownDefinition(context, key), keyOf(request)!)
  const { definition: workflow, cancelationKey, workflowId } = run
  return once(context, {
    scope: `${to} ${key}`,
    body: request,
    turn: workflowId,
    async work(tx) {
      const now = context.now()
      const recipients = keysOf(request.recipients)
      const wish = { workflowId, recipients, workflowRunIds: null, to, due: dueAt(now), now }
      const { answer, signal } = await moveIn(tx, { workflow, cancelationKey }, wish)
      const signals = signal === null ? [] : [{ ...run, id: signal.id, kind: 'move' as const, groups: signal.groups }]
      return { answer, signals }
    },
  })
}

/** The instant a request names; past ones and those more than 365 days ahead are refused. */
function dueOf({ delay_until: until, delay_for: duration }: RescheduleRequest, now: number): number {
  if (duration != null) {
    if (!withinYear(duration)) throw invalid('delay_for', 'is more than 365 days', 'length')
    return after(now, duration)
  }
  const read = readInstant(until!)
  if (read === undefined) throw invalid('delay_until', `must be ${instantForm}`, 'format')
  const due = read.epochMs
  if (due <= now) throw invalid('delay_until', `is past: ${read.text}`, 'invalid')
  if (due > after(now, { unit: 'days', value: 365 }))
    throw invalid('delay_until', 'is more than 365 days ahead', 'length')
  return due
}

const rescheduleRoute = defineRoute({
  method: 'post',
  path: '/v1/workflows/:key/reschedule',
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
    move(context, params.key, body, 'rescheduled', (now) => dueOf(body, now)) as Promise<never>,
})

const sendNowRoute = defineRoute({
  method: 'post',
  path: '/v1/workflows/:key/send_now',
  tag,
  summary: 'Wake what sleeps under a key at once',
  description: 'Ends the current sleep; a step waiting for its next try is tried now.',
  params,
  body: sendNowRequest,
  response: sendNowAnswer,
  errors,
  idempotent: true,
  handle: ({ params, body }, context) => move(context, params.key, body, 'sent_now', (now) => now) as Promise<never>,
})

export const moveRoutes = [rescheduleRoute, sendNowRoute]
