import { z } from 'zod'
import { outcomes } from '../store/recipient-runs/verdict.ts'
import { answer } from './answer.ts'
import { instant } from './message.ts'

export const verdict = z
  .object({
    workflow: z.string(),
    cancelation_key: z.string().nullable(),
    status: z.enum(['applied', 'nothing_pending']).describe('applied: this call canceled at least one recipient'),
    dry_run: z.literal(true).optional().describe('Nothing was changed: the call only asked'),
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
