import { z } from 'zod'
import { reference } from './recipient.ts'

/** The part of an answer that goes recipient by recipient (store/recipient-runs/answer.ts), for some set of outcomes. */
export function answer<const Outcomes extends readonly [string, ...string[]], Extra extends z.ZodRawShape>(
  outcomes: Outcomes,
  name: string,
  extra: Extra,
) {
  const outcome = z.enum(outcomes).meta({ id: `${name}Outcome` })
  const run = z
    .object({
      workflow_run_id: z.uuid(),
      workflow_recipient_run_id: z.uuid(),
      outcome,
      messages: z.array(z.string()).describe('Ids of the messages already sent'),
      in_flight: z
        .array(z.string())
        .describe(
          'What was being sent or carried out when the request came, and may still finish: message ids, or a step',
        ),
      ...extra,
    })
    .meta({ id: `${name}RunAnswer` })
  const counts = Object.fromEntries(outcomes.map((each) => [each, z.number().int()]))
  return {
    summary: z.object(counts as Record<Outcomes[number], z.ZodNumber>).describe('Recipients by outcome'),
    recipients: z
      .array(
        z.object({
          id: reference,
          outcome,
          reason: z.string().optional().describe('Why nothing reached them'),
          runs: z.array(run).describe('One for each trigger they are in'),
        }),
      )
      .describe('At most 10,000; the summary is always complete'),
    truncated: z.literal(true).optional(),
  }
}
