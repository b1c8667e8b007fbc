import { z } from 'zod'
import { derivedId } from './derived-id.ts'
import type { DeliveryLogRow } from '../store/messages/delivery-logs.ts'

const answer = z.object({
  status: z.int().nullable(),
  headers: z.record(z.string(), z.string()).nullable(),
  body: z.string().describe('The first 2,000 characters; of SMTP what the server said, and where none answered why'),
})

export const deliveryLog = z
  .object({
    __typename: z.literal('MessageDeliveryLog'),
    id: z.string(),
    service_name: z.string().describe('The provider'),
    environment_id: z.uuid(),
    outcome: z.string().describe('How the try ended: sent, delivered, refused, not_taken, unknown'),
    request: z.object({
      method: z.string().nullable(),
      host: z.string().nullable(),
      path: z.string().nullable().describe('Null where it gives access to something'),
    }),
    response: answer,
    inserted_at: z.string(),
  })
  .meta({ id: 'MessageDeliveryLog', description: 'One request to a provider; its content is that of the message' })

interface KeptExchange {
  request: { method: string; host: string; path: string | null }
  response: { status: number; headers: Record<string, string>; body: string } | null
}

/** The requests of each try, oldest first; a try without any is one by itself. */
export function deliveryLogsShown(messageId: string, rows: readonly DeliveryLogRow[]): z.input<typeof deliveryLog>[] {
  return rows.flatMap(({ id, outcome, service, reply, exchanges, environment_id, inserted_at }) => {
    const kept = (exchanges ?? [null]) as unknown as (KeptExchange | null)[]
    return kept.map((exchange, place) => ({
      __typename: 'MessageDeliveryLog' as const,
      id: derivedId(messageId, `log-${id}-${place}`, inserted_at),
      service_name: service,
      environment_id,
      outcome,
      request: exchange?.request ?? { method: null, host: null, path: null },
      response: exchange?.response ?? { status: null, headers: null, body: reply ?? '' },
      inserted_at,
    }))
  })
}
