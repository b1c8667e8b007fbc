import { z } from 'zod'

/** Of every call that cancels or moves. */
export const dryRun = z
  .boolean()
  .nullish()
  .describe('Answers what the call would do, and changes nothing; an Idempotency-Key is not kept')

/** Of the answer to such a call. */
export const isDryRun = { dry_run: z.literal(true).optional().describe('Nothing was changed') }
