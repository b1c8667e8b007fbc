import { z } from 'zod'
import { boundedList } from '../../resources/bounded-list.ts'
import { workflowKey } from '../../resources/ids.ts'
import { keyFields, neededKey } from './cancelation-key.ts'
import { dryRun } from './dry-run.ts'
import { recipientReferenceRequest } from '../../engine/recipient-request.ts'

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
  dry_run: dryRun,
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
