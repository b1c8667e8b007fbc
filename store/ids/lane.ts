import type { Lane } from '../../workflows/lane-name.ts'

/** The lane a message sleeps in: one for each channel type and number, so that rows of one trigger stay ranges. */
export function messageLane(channelType: string, number: number): Lane {
  return `${channelType}/${number}`
}

/** What a message's lane says; null for the lane of recipient runs, and for what is no lane. */
export function readMessageLane(lane: Lane): { channelType: string; number: number } | null {
  const [channelType, number, ...rest] = lane.split('/')
  if (channelType === undefined || number === undefined || rest.length > 0 || !/^\d{1,4}$/.test(number)) return null
  return { channelType, number: Number(number) }
}
