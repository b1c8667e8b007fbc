import { importPKCS8, SignJWT } from 'jose'
import { z } from 'zod'
import type { PushContent } from './content.ts'
import { apiProvider, jsonOf, notTaken, refusal } from '../provider.ts'
import { laidOver } from '../payload-overrides.ts'
import { NotSent } from '../sender.ts'
import { apiUrl, opaque, pace, payloadOverrides } from '../settings.ts'
import { assertPushFits, jsonBytes } from './push-size.ts'
import { toEach } from '../to-each.ts'
import { devicesOf, gone } from './push-tokens.ts'

const settings = z.strictObject({
  key_id: opaque,
  team_id: opaque,
  /** The .p8 file, as text. */
  private_key: opaque,
  /** The app's bundle id. */
  topic: opaque,
  /** https://api.sandbox.push.apple.com for builds that are not from the App Store or TestFlight. */
  api_url: apiUrl('https://api.push.apple.com'),
  payload_overrides: payloadOverrides,
  ...pace,
})

/** Of the payload: https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification */
const MOST_BYTES = 4_096

/** Apple refuses a token of more than an hour, and one that is exchanged within 20 minutes. */
const TOKEN_MS = 40 * 60_000
const SOONEST_MS = 20 * 60_000
/** By the key that signed them. */
const tokens = new Map<string, { token: Promise<string>; since: number }>()

/** Refusals that speak of our credentials or of now, not of the message. */
const MENDED = new Set([
  'ExpiredProviderToken',
  'InvalidProviderToken',
  'MissingProviderToken',
  'BadEnvironmentKeyIdInToken',
  'UnrelatedKeyIdInToken',
  'Forbidden',
  'TooManyRequests',
  'IdleTimeout',
  'TooManyProviderTokenUpdates',
  'BadCertificate',
  'BadCertificateEnvironment',
])

/**
 * Apple Push Notification service, over HTTP/2 with a token:
 * https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
 */
export const apns = apiProvider<PushContent, typeof settings>({
  settings,
  http2: true,
  requests: 100,
  async send({ message, settings, post }) {
    const devices = devicesOf(message)
    const { title, body, delivery_type, payload_overrides } = message.content
    const silent = delivery_type === 'silent'
    const aps = silent ? { 'content-available': 1 } : { alert: { title, body } }
    const payload = laidOver({ aps }, settings.payload_overrides, payload_overrides, {
      belay_message_id: message.messageId,
    })
    assertPushFits(message.content, { provider: 'APNs', size: jsonBytes(payload), most: MOST_BYTES })
    const bearer = await tokenOf(settings)
    return toEach(devices, async ({ token: device }) => {
      const answer = await post({
        url: `${settings.api_url}/3/device/${encodeURIComponent(device)}`,
        headers: {
          authorization: `bearer ${bearer}`,
          'apns-topic': settings.topic,
          'apns-push-type': silent ? 'background' : 'alert',
          'apns-priority': silent ? '5' : '10',
        },
        body: payload,
      })
      const id = answer.headers['apns-id']
      if (answer.status === 200) return { kind: 'sent', ...(typeof id === 'string' && { externalId: id }) }
      const { reason } = jsonOf(answer)
      if (typeof reason === 'string' && MENDED.has(reason)) {
        if (reason === 'ExpiredProviderToken') await exchange(settings, bearer)
        return notTaken(answer, `answered ${answer.status} ${reason}`)
      }
      if (answer.status === 410)
        return gone(message.content, device, typeof reason === 'string' ? `answered 410 ${reason}` : 'answered 410')
      return refusal(answer, reason)
    })
  },
})

const nameOf = ({ key_id, team_id, private_key }: z.output<typeof settings>) => `${team_id} ${key_id} ${private_key}`

function tokenOf(given: z.output<typeof settings>): Promise<string> {
  const name = nameOf(given)
  const known = tokens.get(name)
  const now = Date.now()
  if (known !== undefined && now - known.since < TOKEN_MS) return known.token
  const token = sign(given.private_key, given.key_id, given.team_id, now)
  token.catch(() => tokens.delete(name))
  tokens.set(name, { token, since: now })
  return token
}

/**
 * Has the next push sign another token than `expired`. Not one that is new: another would be no better, and Apple answers
 * 429 to all pushes of a team whose tokens change more often.
 */
async function exchange(given: z.output<typeof settings>, expired: string): Promise<void> {
  const name = nameOf(given)
  const known = tokens.get(name)
  if (known === undefined || Date.now() - known.since < SOONEST_MS) return
  if ((await known.token) === expired && tokens.get(name) === known) tokens.delete(name)
}

async function sign(privateKey: string, keyId: string, teamId: string, now: number): Promise<string> {
  const key = await importPKCS8(privateKey.replaceAll('\\n', '\n'), 'ES256').catch(() => {
    throw new NotSent('private_key must be the text of the .p8 file')
  })
  return new SignJWT()
    .setProtectedHeader({ alg: 'ES256', kid: keyId })
    .setIssuer(teamId)
    .setIssuedAt(Math.floor(now / 1_000))
    .sign(key)
}
