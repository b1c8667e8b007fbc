import webPush from 'web-push'
import { z } from 'zod'
import type { PushContent } from './content.ts'
import { apiProvider, refusal } from '../provider.ts'
import { NotSent, type Outgoing } from '../sender.ts'
import { laidOver } from '../payload-overrides.ts'
import { opaque, pace, payloadOverrides, text } from '../settings.ts'
import { assertPushFits } from './push-size.ts'
import { toEach } from '../to-each.ts'
import { devicesOf, gone } from './push-tokens.ts'

const settings = z.strictObject({
  vapid_public_key: opaque,
  vapid_private_key: opaque,
  subject: text(
    (value) => /^(mailto:.+@|https:\/\/)/.test(value),
    'must be mailto:you@example.com or an https:// address',
  ),
  /** How long the push service keeps it for a browser that is away. */
  ttl_seconds: z.int().min(0).max(2_419_200).default(2_419_200),
  payload_overrides: payloadOverrides,
  ...pace,
})

/** Of what is encrypted: the 4,096 that a push service has to take (RFC 8030 7.2) less the encryption (RFC 8291 4). */
const MOST_BYTES = 3_993

const subscription = z.object({
  endpoint: z.url({ protocol: /^https?$/ }),
  keys: z.object({ p256dh: z.string().min(1), auth: z.string().min(1) }),
})

/** Web Push (RFC 8030, 8291, 8292): a PushSubscription of the browser stands in `devices` of the recipient's channel data. */
export const webpush = apiProvider<PushContent, typeof settings>({
  settings,
  requests: 100,
  async send({ message, settings, post }) {
    const { title, body, delivery_type, payload_overrides } = message.content
    const shown = delivery_type === 'silent' ? {} : { title, body }
    const payload = JSON.stringify(
      laidOver({ ...shown, belay_message_id: message.messageId }, settings.payload_overrides, payload_overrides),
    )
    assertPushFits(message.content, { provider: 'Web Push', size: Buffer.byteLength(payload), most: MOST_BYTES })
    return toEach(subscriptionsOf(message), async (device) => {
      const { endpoint, headers, body: encrypted } = requestTo(device, payload, settings)
      const answer = await post({ url: endpoint, headers, body: encrypted, isTheirs: true })
      if (answer.status >= 200 && answer.status < 300) {
        const { location } = answer.headers
        return { kind: 'sent', ...(typeof location === 'string' && { externalId: location }) }
      }
      if (answer.status === 404 || answer.status === 410)
        return gone(message.content, endpoint, `answered ${answer.status}`)
      return refusal(answer)
    })
  },
})

function requestTo(device: z.output<typeof subscription>, payload: string, given: z.output<typeof settings>) {
  const { vapid_public_key: publicKey, vapid_private_key: privateKey, subject, ttl_seconds: TTL } = given
  try {
    const details = webPush.generateRequestDetails(device, payload, {
      vapidDetails: { subject, publicKey, privateKey },
      TTL,
    })
    const headers = Object.entries(details.headers).map(([name, value]) => [name.toLowerCase(), value])
    return {
      endpoint: details.endpoint,
      headers: Object.fromEntries(headers) as Record<string, string>,
      body: details.body,
    }
  } catch (error) {
    throw new NotSent(`the push cannot be encrypted: ${(error as Error).message}`)
  }
}

function subscriptionsOf(message: Outgoing<PushContent>): z.output<typeof subscription>[] {
  const usable = devicesOf(message).flatMap(({ whole }) => subscription.safeParse(whole).data ?? [])
  if (usable.length === 0)
    throw new NotSent('the recipient has no push subscription: set devices in their channel data')
  return usable
}
