import { listOf } from '../list-of.ts'
import { NotSent, type Outgoing, type SendResult } from '../sender.ts'
import type { PushContent } from './content.ts'

/** Devices of one recipient that get a message, at most. */
const MOST = 100

/** A device as channel data has it. */
export interface Device {
  /** Its token; of a browser, the endpoint of its PushSubscription. */
  token: string
  locale?: string
  timezone?: string
  /** The whole of it, where it is more than a token. */
  whole?: Record<string, unknown>
}

/** The devices in channel data, each once: those of `tokens`, then those of `devices`; 100 at most. */
export function devicesIn(channelData: Record<string, unknown> | undefined): Device[] {
  const listed = [...listOf(channelData?.['tokens']), ...listOf(channelData?.['devices'])].flatMap(deviceOf)
  const byToken = new Map<string, Device>()
  for (const device of listed) byToken.set(device.token, { ...byToken.get(device.token), ...device })
  return [...byToken.values()].slice(0, MOST)
}

function deviceOf(given: unknown): Device[] {
  if (typeof given === 'string') return given === '' ? [] : [{ token: given }]
  if (typeof given !== 'object' || given === null) return []
  const whole = given as Record<string, unknown>
  const { token, endpoint, locale, timezone } = whole
  const name = [token, endpoint].find((each): each is string => typeof each === 'string' && each !== '')
  if (name === undefined) return []
  return [
    {
      token: name,
      ...(typeof locale === 'string' && { locale }),
      ...(typeof timezone === 'string' && { timezone }),
      whole,
    },
  ]
}

/**
 * The devices that a message goes to: its own, if the recipient still has it, or all of them where it names none. Throws
 * NotSent.
 */
export function devicesOf({ recipient, content }: Outgoing<PushContent>): Device[] {
  const all = devicesIn(recipient.channelData)
  if (all.length === 0) throw new NotSent('the recipient has no push token: set tokens in their channel data')
  const { token } = content
  if (token === undefined) return all
  const own = all.filter((device) => device.token === token)
  if (own.length === 0) throw new NotSent('the device is no longer in the recipient’s channel data')
  return own
}

/** How a send to a device ended of which the provider says that it is no more. */
export function gone({ token_deregistration }: PushContent, token: string, reason: string): SendResult {
  if (token_deregistration === false) return { kind: 'refused', reason: `${reason}: the device is gone` }
  return { kind: 'refused', reason: `${reason}: the device is gone, and was dropped from channel data`, gone: [token] }
}
