import { z } from 'zod'
import { refusal } from '../provider.ts'
import { toEach } from '../to-each.ts'
import { pace } from '../settings.ts'
import { chatProvider } from './chat-provider.ts'
import { atMost } from '../too-long.ts'
import { jsonBytes } from '../push/push-size.ts'
import { connectionsOf, markdownOf } from './connections.ts'
import { teamsBody } from './teams-body.ts'

const settings = z.strictObject({ ...pace })

/** Of a message, in bytes: https://learn.microsoft.com/en-us/microsoftteams/limits-specifications-teams */
const MOST = 28_672

/** A connector answers 200 also where Teams behind it refused the message: the body names its status. */
const BEHIND = /\bTeams endpoint returned HTTP error ([45]\d\d)\b/

/**
 * Microsoft Teams by a webhook of Workflows: an Adaptive Card
 * (https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using).
 */
export const teams = chatProvider({
  settings,
  requests: 20,
  async send({ message, post }) {
    const { template } = message.content
    const card = template.json_content ?? {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.4',
      ...(template.summary !== null && { fallbackText: template.summary }),
      body: teamsBody(markdownOf({ template })),
    }
    const attachments = [{ contentType: 'application/vnd.microsoft.card.adaptive', content: card }]
    const body = { type: 'message', attachments }
    const field = template.json_content === null ? 'markdown_body' : 'json_body'
    atMost({ field, provider: 'Teams', size: jsonBytes(body), most: MOST, unit: 'bytes' })
    const usable = connectionsOf(message, (each) => each.incoming_webhook !== undefined, 'an incoming_webhook')
    return toEach(usable, async ({ incoming_webhook: webhook }) => {
      const answer = await post({ url: webhook!.url, body, isTheirs: true })
      const behind = BEHIND.exec(answer.body)?.[1]
      if (answer.status === 200 && behind !== undefined) return refusal({ ...answer, status: Number(behind) })
      return answer.status === 200 || answer.status === 202 ? { kind: 'sent' } : refusal(answer)
    })
  },
})
