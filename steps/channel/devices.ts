import { devicesIn, type Device } from '../../channels/push/push-tokens.ts'
import type { ChannelStep } from '../../definitions/step.ts'
import type { Database } from '../../store/postgres/database.ts'
import { loadChannelData } from '../../store/profiles/channel-data.ts'
import type { Walk } from '../kind.ts'

/** Who gets a message of a push step, by walk: one message a device. Without one there is a single message, which says so. */
export type Devices = (walk: Walk<ChannelStep>) => readonly (Device | null)[]

/** Loads the devices of all push steps among these in one statement. */
export async function loadDevices(db: Database, walks: readonly Walk<ChannelStep>[]): Promise<Devices> {
  const pushes = walks.filter(({ step }) => step.channelType === 'push')
  const dataOf = await loadChannelData(
    db,
    [...new Set(pushes.map(({ row }) => row.recipient))],
    [...new Set(pushes.map(({ step }) => step.channel.id))],
  )
  return ({ step, row }) => {
    if (step.channelType !== 'push') return [null]
    const devices = devicesIn(dataOf(row.recipient, step.channel.id))
    return devices.length === 0 ? [null] : devices
  }
}
