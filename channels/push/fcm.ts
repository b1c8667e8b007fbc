import { z } from 'zod'
import type { PushContent } from './content.ts'
import { apiProvider, jsonOf, notTaken, refusal } from '../provider.ts'
import { laidOver } from '../payload-overrides.ts'
import { NotSent, oneLine, type Outgoing, type SendResult } from '../sender.ts'
import type { HttpAnswer } from '../http-client.ts'
import { apiUrl, opaque, pace, payloadOverrides } from '../settings.ts'
import { GoogleTokens, type ServiceAccount } from './google-token.ts'
import { assertPushFits, keyAndValueBytes } from './push-size.ts'
import { listOf } from '../list-of.ts'
import { toEach } from '../to-each.ts'
import { devicesOf, gone } from './push-tokens.ts'

const settings = z.strictObject({
  /** The JSON file of a service account, as text. */
  service_account: opaque,
  api_url: apiUrl('https://fcm.googleapis.com'),
  payload_overrides: payloadOverrides,
  ...pace,
})

const account = z.object({
  project_id: z.string().min(1),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  token_uri: z.url(),
})

/** Of names and values of notification and data: https://firebase.google.com/docs/cloud-messaging/concept-options */
const MOST_BYTES = 4_096

/** The APNs key at Firebase, a service account without the role or an API that is off, and what is over soon: mended. */
const NOT_NOW = new Set(['THIRD_PARTY_AUTH_ERROR', 'PERMISSION_DENIED', 'QUOTA_EXCEEDED'])

const tokens = new GoogleTokens()

/** Firebase Cloud Messaging, HTTP v1: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send. It has no idempotency key. */
export const fcm = apiProvider<PushContent, typeof settings>({
  settings,
  requests: 101,
  async send({ message, settings, post, ask }) {
    const devices = devicesOf(message)
    const { payload_overrides: ofChannel } = settings
    assertFits(message, ofChannel)
    const google = accountOf(settings.service_account)
    const bearer = await tokens.get(google, ask)
    if (typeof bearer !== 'string') return bearer
    return toEach(devices, async ({ token: device }) => {
      const answer = await post({
        url: `${settings.api_url}/v1/projects/${encodeURIComponent(google.project_id)}/messages:send`,
        headers: { authorization: `Bearer ${bearer}` },
        body: { message: messageFor(device, message, ofChannel) },
      })
      if (answer.status === 401) tokens.forget(google)
      return resultOf(answer, message.content, device)
    })
  },
})

function assertFits(message: Outgoing<PushContent>, ofChannel: object | undefined): void {
  const { notification, data } = messageFor('', message, ofChannel)
  const size = keyAndValueBytes(notification) + keyAndValueBytes(data)
  assertPushFits(message.content, { provider: 'FCM', size, most: MOST_BYTES })
}

function messageFor(token: string, { messageId, content }: Outgoing<PushContent>, ofChannel: object | undefined) {
  const { title, body, delivery_type, payload_overrides } = content
  const notification = delivery_type === 'silent' ? {} : { notification: { title, body } }
  const plain = { token, ...notification, data: { belay_message_id: messageId } }
  return laidOver(plain, ofChannel, payload_overrides)
}

function resultOf(answer: HttpAnswer, content: PushContent, device: string): SendResult {
  const { name, error } = jsonOf(answer) as { name?: unknown; error?: FcmError | null }
  if (answer.status === 200) return { kind: 'sent', ...(typeof name === 'string' && { externalId: name }) }
  const code = codeOf(error) ?? error?.status
  if (typeof code === 'string' && NOT_NOW.has(code))
    return notTaken(answer, ['answered', answer.status, code, textOf(error?.message)].join(' '))
  if (code === 'UNREGISTERED') return gone(content, device, `answered ${answer.status} ${code}`)
  return refusal(answer, code, error?.message)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

interface FcmError {
  status?: unknown
  message?: unknown
  details?: unknown
}

function codeOf(error: FcmError | null | undefined): string | undefined {
  const details = listOf(error?.details) as ({ errorCode?: unknown } | null)[]
  return details.flatMap((detail) => (typeof detail?.errorCode === 'string' ? [detail.errorCode] : []))[0]
}

function accountOf(text: string): ServiceAccount {
  try {
    return account.parse(JSON.parse(text))
  } catch (error) {
    const why = error instanceof z.ZodError ? ` with ${error.issues.map(({ path }) => path.join('.')).join(', ')}` : ''
    throw new NotSent(oneLine(`service_account must be the JSON file of a service account${why}`))
  }
}
