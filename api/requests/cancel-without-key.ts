import { z } from 'zod'
import { boundedList } from '../../resources/bounded-list.ts'
import { dryRun, isDryRun } from './dry-run.ts'
import { keyText } from './cancelation-key.ts'
import { archiveSent, reason } from './cancel.ts'
import { verdict } from '../../resources/verdict.ts'

export const userCancelRequest = z
  .strictObject({
    workflow: z.string().nullish().describe('Only of this workflow'),
    tenant: z.string().nullish().describe('Only of this tenant'),
    reason,
    dry_run: dryRun,
  })
  .meta({ id: 'UserCancelRequest' })

export const bulkCancelRequest = z
  .strictObject({
    cancelation_keys: boundedList(keyText, {
      min: 1,
      max: 1_000,
      tooFew: 'names no key',
      tooMany: 'names more than 1,000 keys',
    }),
    archive_sent: archiveSent,
    reason,
    dry_run: dryRun,
  })
  .meta({ id: 'BulkCancelRequest' })

const many = {
  status: verdict.shape.status,
  summary: verdict.shape.summary.describe('Sums over the verdicts'),
  verdicts: z.array(verdict).describe('In all 10,000 runs of recipients and archived messages at most'),
  truncated: verdict.shape.truncated,
  ...isDryRun,
}

export const userCancelAnswer = z.object({ user: z.string(), ...many }).meta({ id: 'UserCancelAnswer' })
export const bulkCancelAnswer = z.object({ workflow: z.string(), ...many }).meta({ id: 'BulkCancelAnswer' })
