import { z } from 'zod'
import type { ConditionGroup } from '../conditions/conditions.ts'
import type { Channel } from './catalog.ts'
import { withoutUnset } from '../json/is-unset.ts'
import { channelTypeNames } from '../channels/registry.ts'
import type { ChannelType } from './channel-types.ts'
import type { ChannelGroup, ChannelReference } from './step.ts'
import { channelConditions } from './fields.ts'

const MOST = 20

const unknown = (message: string) => ({
  error: (issue: { code: string }) => (issue.code === 'unrecognized_keys' ? message : undefined),
})

/** A group as it stands in channels.json: an entry that has `channels`. */
export const groupFile = z.strictObject(
  {
    type: z.enum(channelTypeNames(), { error: `must be one of ${channelTypeNames().join(', ')}` }),
    name: z.string().min(1).optional(),
    operator: z.enum(['any', 'all'], { error: 'must be any or all' }).default('all'),
    channels: z
      .array(
        z.preprocess(
          (given) => (typeof given === 'string' ? { channel: given } : withoutUnset(given)),
          z.strictObject(
            { channel: z.string(), conditions: channelConditions },
            unknown('is not known here; a channel of a group has channel and conditions'),
          ),
        ),
      )
      .min(1, 'must name at least one channel')
      .max(MOST, `names more than ${MOST} channels`),
  },
  unknown('is not a field of a group, which has type, name, operator and channels'),
)
export type GroupFile = z.output<typeof groupFile>

/** What channels.json says beside the channels themselves. */
export interface ChannelRules {
  /** What must hold for a channel, by its key. */
  conditions: ReadonlyMap<string, ConditionGroup>
  groups: ReadonlyMap<string, { type: ChannelType; group: ChannelGroup }>
}

export const noRules: ChannelRules = { conditions: new Map(), groups: new Map() }

/** A channel as a definition names it, with what must hold for it. */
export function referenceTo({ key, id }: Channel, conditions: ConditionGroup | null | undefined): ChannelReference {
  return { key, id, ...(conditions != null && { conditions }) }
}

/** The groups, compiled; what is wrong with one is told at its place. */
export function compileGroups(
  files: Readonly<Record<string, GroupFile>>,
  channels: readonly Channel[],
  conditions: ReadonlyMap<string, ConditionGroup>,
  add: (path: PropertyKey[], message: string) => void,
): ChannelRules['groups'] {
  const groups = new Map<string, { type: ChannelType; group: ChannelGroup }>()
  for (const [key, { type, operator, channels: named }] of Object.entries(files)) {
    const members = named.flatMap(({ channel: name, conditions: own }, index) => {
      const channel = channels.find((each) => each.key === name)
      const wrong = (message: string) => {
        add([key, 'channels', index], message)
        return []
      }
      if (channel === undefined) return wrong(`there is no channel ${name}`)
      if (channel.type !== type) return wrong(`the channel ${name} is of type ${channel.type}, not ${type}`)
      if (named.findIndex((each) => each.channel === name) !== index) return wrong(`stands twice: ${name}`)
      return [referenceTo(channel, both(conditions.get(name), own))]
    })
    groups.set(key, { type, group: { key, operator, channels: members } })
  }
  return groups
}

/** The conditions of the channel itself, and those it has in the group. */
function both(first: ConditionGroup | undefined, second: ConditionGroup | null): ConditionGroup | null {
  if (first === undefined || second === null) return first ?? second
  return { match: 'all', conditions: [first, second] }
}
