import { z } from 'zod'
import { outcomes } from '../store/recipient-runs/verdict.ts'
import { answer } from './answer.ts'
import { workflowKey } from './ids.ts'
import { boundedList } from './bounded-list.ts'
import { instant } from './message.ts'
import { keyFields, neededKey } from '../api/requests/cancelation-key.ts'
import { recipientReferenceRequest } from '../api/requests/recipient-request.ts'

export const verdict = z
  .object({
    workflow: z.string(),
    cancelation_key: z.string().nullable(),
    status: z.enum(['applied', 'nothing_pending']).describe('applied: this call canceled at least one recipient'),
    ...answer(outcomes, 'Cancel', {
      taken_back: z
        .array(z.string())
        .describe('Ids of messages that were made and had not been sent: they never will be'),
    }),
    archived: z
      .array(z.object({ id: z.string(), seen_at: instant, read_at: instant }))
      .describe('The in-app messages archive_sent archived, and whether they had been seen'),
  })
  .meta({
    id: 'CancelVerdict',
    description:
      'What a cancel did, recipient by recipient. canceled: something was or might be still to come and now never will. sending: all that is left is being sent, it may still go out; if that fails it is not tried again. already_sent: nothing was left to cancel. ended: nothing was left, and nothing reached them. already_canceled. not_found.',
  })

/** Some SDKs send these with a cancel; they say nothing here. */
const ignored = z.unknown().optional()

export const archiveSent = z.boolean().nullish().describe('Also archives the in-app messages already sent to them')
export const reason = z
  .string()
  .max(1_000, 'must have at most 1,000 characters')
  .nullish()
  .describe('Kept with the cancel')

const whom = {
  recipients: boundedList(recipientReferenceRequest, {
    min: 1,
    max: 10_000,
    tooFew: 'names nobody; leave it out to cancel everyone',
    tooMany: 'names more than 10,000',
  })
    .nullish()
    .describe('Left out or null: everyone'),
  archive_sent: archiveSent,
  reason,
}

const common = {
  ...keyFields,
  ...whom,
  workflow: ignored,
  name: ignored,
  key: ignored,
  actor: ignored,
  data: ignored,
  tenant: ignored,
}

// A field it does not know is refused: a typo of `recipients` must not cancel everyone.
export const cancelRequest = z.strictObject(common).superRefine(neededKey).meta({ id: 'CancelRequest' })
export const cancelNotifyRequest = z
  .strictObject({ ...common, name: workflowKey.describe('The key of the definition') })
  .superRefine(neededKey)
  .meta({ id: 'CancelNotifyRequest' })

export type CancelRequest = z.output<typeof cancelRequest>

export const triggerCancelRequest = z.strictObject(whom).meta({ id: 'WorkflowRunCancelRequest' })
