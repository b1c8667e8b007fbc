import type { MessageDevice } from '../../channels/channel-type.ts'
import { channelTypeOf } from '../../channels/registry.ts'
import type { ChannelStep } from '../../definitions/step.ts'
import type { Database } from '../../store/postgres/database.ts'
import { loadChannelData } from '../../store/profiles/channel-data.ts'
import type { Walk } from '../kind.ts'

/**
 * Who gets a message of a step, by walk. Of a channel type with devices each gets one; without any there is a single message,
 * which says so. Of any other type the recipient gets one: null.
 */
export type Devices = (walk: Walk<ChannelStep>) => readonly (MessageDevice | null)[]

/** Loads the devices of all steps among these whose channel type has them, in one statement. */
export async function loadDevices(db: Database, walks: readonly Walk<ChannelStep>[]): Promise<Devices> {
  const withDevices = walks.filter(({ step }) => channelTypeOf(step.channelType).devices !== undefined)
  const dataOf = await loadChannelData(
    db,
    [...new Set(withDevices.map(({ row }) => row.recipient))],
    [...new Set(withDevices.map(({ step }) => step.channel.id))],
  )
  return ({ step, row }) => {
    const devices = channelTypeOf(step.channelType).devices?.(dataOf(row.recipient, step.channel.id)) ?? []
    return devices.length === 0 ? [null] : devices
  }
}
