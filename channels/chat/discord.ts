import { z } from 'zod'
import { jsonOf, refusal } from '../provider.ts'
import { toEach } from '../to-each.ts'
import { NotSent } from '../sender.ts'
import { apiUrl, opaque, pace } from '../settings.ts'
import { chatProvider } from './chat-provider.ts'
import { connectionsOf, markdownOf } from './connections.ts'
import { withDiscordCode } from './discord-code.ts'
import { assertDiscordTakes } from './discord-limits.ts'

const settings = z.strictObject({
  /** For connections that have a channel_id instead of an incoming_webhook. */
  bot_token: opaque.optional(),
  api_url: apiUrl('https://discord.com/api/v10'),
  ...pace,
})

/** Discord: a webhook (https://discord.com/developers/docs/resources/webhook#execute-webhook) or a bot's token with Create Message. */
export const discord = chatProvider({
  settings,
  requests: 20,
  async send({ message, settings, post }) {
    const { template } = message.content
    // Nobody is mentioned by what a value holds.
    const body: Record<string, unknown> = {
      allowed_mentions: { parse: [] },
      ...(template.json_content ?? { content: withDiscordCode(markdownOf({ template })) }),
    }
    assertDiscordTakes(body, template.json_content === null ? 'markdown_body' : undefined)
    const needs = 'an incoming_webhook or a channel_id'
    const usable = connectionsOf(message, (each) => (each.incoming_webhook ?? each.channel_id) !== undefined, needs)
    return toEach(usable, async ({ incoming_webhook: webhook, channel_id }) => {
      const answer = await post(
        webhook === undefined ? asBot(channel_id!) : { url: waiting(webhook.url), body, isTheirs: true },
      )
      const { id, code, message: words } = jsonOf(answer)
      if (answer.status === 200 || answer.status === 204)
        return { kind: 'sent', ...(typeof id === 'string' && { externalId: id }) }
      return refusal(answer, code, words)
    })

    function asBot(channel: string) {
      if (settings.bot_token === undefined) throw new NotSent('the channel has no bot_token')
      const url = `${settings.api_url}/channels/${encodeURIComponent(channel)}/messages`
      return { url, headers: { authorization: `Bot ${settings.bot_token}` }, body }
    }
  },
})

/** Without it Discord answers before it has taken the message. */
function waiting(webhook: string): string {
  const url = new URL(webhook)
  url.searchParams.set('wait', 'true')
  return url.href
}
