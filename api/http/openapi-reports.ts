import type { OpenAPIRegistry } from '@asteasolutions/zod-to-openapi'
import { z } from 'zod'

const headers = { 'x-request-id': { $ref: '#/components/headers/x-request-id' } }
const answered = z.object({ moved: z.int().describe('Messages that have another status now') })

/** The route that providers call (report-route.ts): it is none of the table's, since it asks for no key of Belay's. */
export function registerReports(registry: OpenAPIRegistry, error: z.ZodType): void {
  const answer = (description: string, schema: z.ZodType) => ({
    description,
    headers,
    content: { 'application/json': { schema } },
  })
  registry.registerPath({
    method: 'post',
    path: '/v1/channels/{channel}/events',
    operationId: 'post_channels_channel_events',
    tags: ['Channels'],
    summary: 'Take what a provider reports of messages',
    description:
      'Called by twilio, sendgrid, postmark, resend, mailgun and ses (over SNS), each in its own form and signed in its own way, by a secret of the channel: docs/channels.md says what to enter there.',
    security: [],
    request: {
      params: z.object({ channel: z.string().describe('A channel’s id or key') }),
      body: {
        description: 'As the provider writes it; at most 1 MB',
        required: true,
        content: { '*/*': { schema: z.unknown() } },
      },
    },
    responses: {
      200: answer('Recorded. What says nothing of a message here is passed over', answered),
      400: answer('- `malformed_json`: the body is not what its Content-Encoding says, or not all there', error),
      401: answer('- `report_refused`: not signed as the channel’s settings say, or too old', error),
      404: answer('- `resource_missing`: no such channel, or its provider reports nothing', error),
      413: answer('- `payload_too_large`', error),
      503: answer('A message is still being sent: to be offered again', z.union([answered, error])),
    },
  })
}
