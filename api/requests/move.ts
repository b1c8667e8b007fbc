import { z } from 'zod'
import { durationUnits } from '../../definitions/step.ts'
import { rescheduleOutcomes, sendNowOutcomes } from '../../store/recipient-runs/move.ts'
import { answer } from '../../resources/answer.ts'
import { boundedList } from '../../resources/bounded-list.ts'
import { keyFields, neededKey } from './cancelation-key.ts'
import { dryRun, isDryRun } from './dry-run.ts'
import { recipientReferenceRequest } from '../../engine/recipient-request.ts'

const common = {
  ...keyFields,
  recipients: boundedList(recipientReferenceRequest, {
    min: 1,
    max: 10_000,
    tooFew: 'names nobody; leave it out to move everyone',
    tooMany: 'names more than 10,000',
  })
    .nullish()
    .describe('Left out or null: everyone asleep under the key'),
  dry_run: dryRun,
}

const duration = z.object({ unit: z.enum(durationUnits), value: z.number().int().min(1, 'must be 1 or more') })

export const sendNowRequest = z.strictObject(common).superRefine(neededKey).meta({ id: 'SendNowRequest' })

export const rescheduleRequest = z
  .strictObject({
    ...common,
    delay_until: z.string().nullish().describe('ISO 8601 instant with Z or an offset'),
    delay_for: duration.nullish().describe('From now'),
  })
  .superRefine((request, context) => {
    neededKey(request, context)
    if ((request.delay_until == null) === (request.delay_for == null)) {
      context.addIssue({
        code: 'custom',
        path: ['delay_until'],
        message: 'give either delay_until or delay_for',
        params: { type: request.delay_until == null ? 'required' : 'conflict' },
      })
    }
  })
  .meta({ id: 'RescheduleRequest' })

export type MoveRequest = z.output<typeof sendNowRequest>

const moved = {
  workflow: z.string(),
  cancelation_key: z.string().nullable(),
  status: z.enum(['applied', 'nothing_pending']).describe('applied: this call moved at least one recipient'),
  scheduled_at: z.string().describe('The new instant'),
  ...isDryRun,
}

export const rescheduleAnswer = z
  .object({ ...moved, ...answer(rescheduleOutcomes, 'Reschedule', {}) })
  .meta({ id: 'RescheduleAnswer' })
export const sendNowAnswer = z
  .object({ ...moved, ...answer(sendNowOutcomes, 'SendNow', {}) })
  .meta({ id: 'SendNowAnswer' })
