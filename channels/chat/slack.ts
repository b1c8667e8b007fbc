import { z } from 'zod'
import type { ChatContent } from './content.ts'
import type { HttpAnswer } from '../http-client.ts'
import { jsonOf, notTaken, refusal, type ApiSend } from '../provider.ts'
import { toEach } from '../to-each.ts'
import { NotSent, oneLine, type Outgoing, type SendResult } from '../sender.ts'
import { apiUrl, opaque, pace } from '../settings.ts'
import { chatProvider } from './chat-provider.ts'
import { connectionsOf, listedConnections, markdownOf, type Connection } from './connections.ts'
import { plainText, richText } from './rich-text.ts'
import { assertSlackTakes } from './slack-limits.ts'
import { slackUserOf } from './slack-user.ts'

const schema = z.strictObject({
  /** The bot's token, for connections without an access_token of their own. */
  access_token: opaque.optional(),
  api_url: apiUrl('https://slack.com/api'),
  ...pace,
})

/** Errors that an operator mends, or that are over soon. */
const NOT_NOW = new Set([
  ...['invalid_auth', 'not_authed', 'account_inactive', 'token_expired', 'token_revoked', 'missing_scope'],
  ...['not_allowed_token_type', 'no_permission', 'access_denied', 'accesslimited', 'ekm_access_denied'],
  ...['org_login_required', 'team_access_not_granted', 'team_added_to_org', 'two_factor_setup_required'],
  ...['ratelimited', 'rate_limited', 'message_limit_exceeded', 'service_unavailable', 'request_timeout'],
])

/** Errors of which Slack says that "some aspect of the operation" may have succeeded: nothing is repeated after them. */
const PERHAPS_DONE = new Set(['internal_error', 'fatal_error'])

/**
 * Slack: an incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks), or a bot's token
 * with chat.postMessage (https://docs.slack.dev/reference/methods/chat.postMessage). Neither has an idempotency key.
 */
export const slack = chatProvider({
  settings: schema,
  requests: 21,
  async send({ message, settings, post, ask }) {
    const body = bodyOf(message.content)
    assertSlackTakes(body)
    const found = await reachable(message, settings, ask)
    if ('end' in found) return found.end
    return toEach(found.connections, async ({ incoming_webhook: webhook, access_token, channel_id, user_id }) => {
      if (webhook !== undefined) return webhookResult(await post({ url: webhook.url, body, isTheirs: true }))
      const token = access_token ?? settings.access_token
      if (token === undefined) throw new NotSent('no access_token: neither the connection nor the channel has one')
      const answer = await post({
        url: `${settings.api_url}/chat.postMessage`,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=utf-8' },
        body: { channel: channel_id ?? user_id, ...body },
      })
      return apiResult(answer)
    })
  },
})

type Reach = { connections: Connection[] } | { end: SendResult }

/** The recipient's connections; where none of them says where to, the user with their e-mail, as a bot's token finds them. */
async function reachable(
  message: Outgoing<ChatContent>,
  settings: z.output<typeof schema>,
  ask: ApiSend<ChatContent, unknown>['ask'],
): Promise<Reach> {
  const isUsable = ({ incoming_webhook, channel_id, user_id }: Connection) =>
    incoming_webhook !== undefined || channel_id !== undefined || user_id !== undefined
  const { channelData, properties } = message.recipient
  const listed = listedConnections(channelData)
  const { email } = properties
  const token = listed.find(({ access_token }) => access_token !== undefined)?.access_token ?? settings.access_token
  const isNamed = message.content.email_based_user_id_resolution === false || listed.some(isUsable)
  if (isNamed || token === undefined || typeof email !== 'string' || email.trim() === '')
    return { connections: connectionsOf(message, isUsable, 'an incoming_webhook, a channel_id or a user_id') }
  const user = await slackUserOf(email.trim(), { apiUrl: settings.api_url, token, ask })
  return 'end' in user ? user : { connections: [{ access_token: token, user_id: user.id }] }
}

/** `text` is what notifications show; the blocks are what the message is. */
function bodyOf({ template }: ChatContent): object {
  if (template.json_content !== null) {
    return template.summary === null
      ? template.json_content
      : { text: escaped(template.summary), ...template.json_content }
  }
  const source = markdownOf({ template })
  const said = plainText(source)
  assertSlackTakes({ text: said }, 'markdown_body')
  const text = escaped(template.summary ?? said).slice(0, 3_000)
  return { text, mrkdwn: false, blocks: [richText(source)] }
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function apiResult(answer: HttpAnswer): SendResult {
  const { ok, ts, error } = jsonOf(answer)
  if (answer.status === 200 && ok === true) return { kind: 'sent', ...(typeof ts === 'string' && { externalId: ts }) }
  if (typeof error === 'string' && PERHAPS_DONE.has(error))
    return { kind: 'unknown', reason: `answered ${error}`, repeatable: false }
  if (typeof error === 'string' && NOT_NOW.has(error)) return notTaken(answer, `answered ${error}`)
  if (answer.status === 200 && typeof error === 'string')
    return { kind: 'refused', reason: oneLine(`answered ${error}`) }
  return refusal(answer, error)
}

function webhookResult(answer: HttpAnswer): SendResult {
  return answer.status === 200 ? { kind: 'sent' } : refusal(answer)
}
