import { z } from 'zod'
import { zodErrorMap } from '../settings/zod-error-map.ts'
import type { Channel } from './catalog.ts'
import { channelTypeNames, channelTypes, isSending, NO_PROVIDER } from '../channels/registry.ts'
import { compileGroups, groupFile, noRules, referenceTo, type ChannelRules, type GroupFile } from './channel-groups.ts'
import type { ChannelType } from './channel-types.ts'
import type { ChannelGroup, ChannelReference } from './step.ts'
import { isUnset, withoutUnset } from '../json/is-unset.ts'
import { idleArguments } from '../conditions/idle-arguments.ts'
import { channelConditions } from './fields.ts'
import { fieldName, type DefinitionProblem } from './problem.ts'
import { readSource, type Source } from './source.ts'
import { uuidOf } from './version.ts'

export const CHANNELS_FILE = 'channels.json'

/** What a type's channel is where channels.json says nothing. */
function fallbackOf(type: ChannelType): Pick<Channel, 'key' | 'name' | 'provider'> {
  const { key, name, provider } = channelTypes[type].fallback
  return { key, name, provider: provider ?? NO_PROVIDER }
}

const channelFile = z.strictObject(
  {
    type: z.enum(channelTypeNames(), {
      error: ({ input }) =>
        input === undefined
          ? `is missing; it must be one of ${channelTypeNames().join(', ')}`
          : `${JSON.stringify(input)} is not supported yet; supported: ${channelTypeNames().join(', ')}`,
    }),
    name: z.string().min(1).optional(),
    provider: z.string().optional(),
    id: z.guid('must be a UUID').toLowerCase().optional(),
    settings: z.record(z.string(), z.json()).optional(),
    conditions: channelConditions,
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? 'is not a field of a channel; what its provider needs goes in settings'
        : undefined,
  },
)
const channelKey = z.string().regex(/^[a-z0-9_-]{1,255}$/, 'a channel key is 1 to 255 of a-z, 0-9, _ and -')
/** What an entry names as a group's channels, be it an empty list; undefined in a channel's entry. */
function channelsOf(entry: unknown) {
  const channels = typeof entry === 'object' && entry !== null && 'channels' in entry ? entry.channels : undefined
  return channels === null || channels === '' ? undefined : channels
}
const entry = z.unknown().transform((given, context): z.output<typeof channelFile> | GroupFile => {
  const channels = channelsOf(given)
  const said = withoutUnset(given)
  const parsed =
    channels === undefined
      ? channelFile.safeParse(said, { error: zodErrorMap })
      : groupFile.safeParse({ ...(said as object), channels }, { error: zodErrorMap })
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) context.addIssue(issue as Parameters<typeof context.addIssue>[0])
  return z.NEVER
})
const channelsFile = z.record(channelKey, entry)

/** The channels of channels.json, in its order, and the defaults it leaves out. Without a file: the defaults. `idle` says nothing there. */
export async function readChannels(
  folder: string,
  exists: boolean,
): Promise<{ channels: Channel[]; rules: ChannelRules; problems: DefinitionProblem[]; idle: DefinitionProblem[] }> {
  if (!exists) return { channels: withDefaults([]), rules: noRules, problems: [], idle: [] }
  const source = await readSource(folder, CHANNELS_FILE)
  const parsed = channelsFile.safeParse(source.value, { error: zodErrorMap })
  if (source.problems.length > 0 || !parsed.success) {
    const issues =
      source.problems.length > 0
        ? source.problems.map(({ at, message }) => ({ path: at, message }))
        : (parsed.error?.issues ?? []).flatMap(faultsOf)
    return {
      channels: withDefaults([]),
      rules: noRules,
      problems: issues.map(({ path, message }) => problem(source, path, message)),
      idle: [],
    }
  }
  const entries = Object.entries(parsed.data)
  const groupFiles = Object.fromEntries(entries.flatMap(([key, file]) => ('channels' in file ? [[key, file]] : [])))
  const files = entries.flatMap(([key, file]) => ('channels' in file ? [] : [[key, file] as const]))
  const declared = files.map(([key, file]): Channel => ({
    key,
    id: file.id ?? uuidOf(key),
    type: file.type,
    name: file.name ?? key,
    provider: file.provider ?? fallbackOf(file.type).provider,
    settings: settingsOf(file),
  }))
  const channels = withDefaults(declared)
  const conditions = new Map(files.flatMap(([key, file]) => (file.conditions === null ? [] : [[key, file.conditions]])))
  const wrong = [...duplicates(channels), ...misused(declared), ...unusable(declared)]
  const groups = compileGroups(groupFiles, channels, conditions, (path, message) => wrong.push({ path, message }))
  return {
    channels,
    rules: { conditions, groups },
    problems: wrong.map(({ path, message }) => problem(source, path, message)),
    idle: idleArguments(source.value).map(({ at, message }) => problem(source, at, message)),
  }
}

/** What a provider reads of a channel's settings: neither what is not set nor a field that says nothing and that it does not have. */
function settingsOf({
  type,
  provider,
  settings = {},
}: z.output<typeof channelFile>): Record<string, z.core.util.JSONType> {
  const isNothing = (value: unknown) => value === null || (typeof value === 'object' && Object.keys(value).length === 0)
  const set = Object.fromEntries(Object.entries(settings).filter(([, value]) => !isNothing(value)))
  const schema = channelTypes[type].providers[provider ?? fallbackOf(type).provider]?.settings
  const issues = schema?.safeParse(set).error?.issues ?? []
  const unknown = issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []))
  return Object.fromEntries(Object.entries(set).filter(([name, value]) => !unknown.includes(name) || !isUnset(value)))
}

interface Fault {
  path: PropertyKey[]
  message: string
}

/** Each field that is not known here is a fault of its own, at its name. */
function faultsOf(issue: z.core.$ZodIssue): Fault[] {
  const { path, message } = issue
  return issue.code === 'unrecognized_keys'
    ? issue.keys.map((name) => ({ path: [...path, name], message }))
    : [{ path, message }]
}

function problem(source: Source, path: readonly PropertyKey[], message: string): DefinitionProblem {
  const [field, line] = [fieldName(path), source.lineOf(path)]
  return { file: CHANNELS_FILE, ...(line !== undefined && { line }), ...(field !== '' && { field }), message }
}

/** A type that needs nobody outside always has a channel of its own; another gets one where none is declared. */
function withDefaults(declared: Channel[]): Channel[] {
  const missing = channelTypeNames().filter((type) => {
    if (declared.some((channel) => channel.key === fallbackOf(type).key)) return false
    return !isSending(type) || !declared.some((channel) => channel.type === type)
  })
  const made = missing.map((type) => ({ ...fallbackOf(type), id: uuidOf(fallbackOf(type).key), type, settings: {} }))
  return [...declared, ...made]
}

function duplicates(channels: Channel[]): Fault[] {
  return channels.flatMap((channel, index) => {
    const first = channels.findIndex((other) => other.id === channel.id)
    return first === index ? [] : [{ path: [channel.key, 'id'], message: `is the id of ${channels[first]!.key}, too` }]
  })
}

function misused(declared: Channel[]): Fault[] {
  return declared.flatMap((channel) => {
    const known = Object.keys(channelTypes[channel.type].providers)
    if (!known.includes(channel.provider)) {
      const wrong = channel.provider === NO_PROVIDER ? 'is missing' : 'is not known'
      const message = `${wrong}; providers of ${channel.type}: ${known.join(', ')}`
      return [{ path: [channel.key, 'provider'], message }]
    }
    const owner = channelTypeNames().find((type) => fallbackOf(type).key === channel.key)
    if (owner === undefined || owner === channel.type) return []
    return [{ path: [channel.key, 'type'], message: `must be ${owner}: the key is that type's default` }]
  })
}

function unusable(declared: Channel[]): Fault[] {
  return declared.flatMap(({ key, type, provider, settings }) => {
    const schema = channelTypes[type].providers[provider]?.settings
    const issues = schema?.safeParse(settings, { error: zodErrorMap }).error?.issues ?? []
    const unknown = `is not a setting of ${type} channels over ${provider}`
    return issues
      .flatMap((issue) => faultsOf(issue.code === 'unrecognized_keys' ? { ...issue, message: unknown } : issue))
      .map(({ path, message }) => ({ path: [key, 'settings', ...path], message }))
  })
}

/** The channel a step names; without a name, or under a name channels.json does not have, the first of its type. */
export function channelOf(
  channels: readonly Channel[],
  { conditions }: Pick<ChannelRules, 'conditions'>,
  type: ChannelType,
  key: string | null,
): ChannelReference | string {
  const named = channels.find((channel) => channel.key === key)
  if (named !== undefined && named.type !== type)
    return `the channel ${named.key} is of type ${named.type}, not ${type}`
  const channel = named ?? channels.find((candidate) => candidate.type === type)
  return channel === undefined
    ? `there is no channel of type ${type}`
    : referenceTo(channel, conditions.get(channel.key))
}

/** The group a step names; null under a name that channels.json does not have. */
export function groupOf(
  { groups }: Pick<ChannelRules, 'groups'>,
  type: ChannelType,
  key: string,
): ChannelGroup | string | null {
  const named = groups.get(key)
  if (named === undefined) return null
  return named.type === type ? named.group : `the channel group ${key} is of type ${named.type}, not ${type}`
}
