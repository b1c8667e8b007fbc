import { NotSent, type Outgoing, type SendResult } from '../sender.ts'
import type { PushContent } from '../../templates/content.ts'

/** Devices that one message goes to, at most. */
const MOST = 100

/** The tokens of the recipient's devices: `tokens`, or the `token` of each of `devices`, in their channel data. Throws NotSent. */
export function pushTokens({ recipient }: Outgoing<PushContent>): string[] {
  const { tokens, devices } = recipient.channelData ?? {}
  const listed = [...listOf(tokens), ...listOf(devices).map((device) => (device as { token?: unknown } | null)?.token)]
  const usable = new Set(listed.filter((token): token is string => typeof token === 'string' && token !== ''))
  if (usable.size === 0) throw new NotSent('the recipient has no push token: set tokens in their channel data')
  return [...usable].slice(0, MOST)
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/**
 * Sends to each device, one after the other. One that took it makes the message `sent`: it is not repeated for the others.
 * Where none did, the end that may still change counts: unknown, then not taken, then refused.
 */
export async function toEach<Device>(
  devices: readonly Device[],
  send: (device: Device) => Promise<SendResult>,
): Promise<SendResult> {
  const results: SendResult[] = []
  for (const device of devices) {
    const result = await send(device)
    results.push(result)
    // Whoever was not answered may have it: no second device is risked, as no repeat is.
    if (result.kind === 'unknown') break
  }
  for (const kind of ['sent', 'delivered', 'unknown', 'not_taken', 'refused'] as const) {
    const found = results.find((result) => result.kind === kind)
    if (found !== undefined) return found
  }
  return results[0]!
}
