import type { PreferenceSet } from '../preferences/preference-set.ts'
import type { ChannelType } from './channel-types.ts'
import type { DefinitionVersion } from './definition.ts'
import type { DefinitionProblem } from './problem.ts'

export interface Channel {
  key: string
  /** UUID: given in channels.json, or the UUIDv5 of the key. */
  id: string
  type: ChannelType
  name: string
  provider: string
  /** As in channels.json; a string `$NAME` stands for the worker's environment variable NAME. */
  settings: Record<string, unknown>
}

/** What the notifications folder holds, read and checked at once. */
export interface Catalog {
  definitions: ReadonlyMap<string, DefinitionVersion>
  channels: readonly Channel[]
  /** The environment's set, of preferences.json. */
  preferences?: PreferenceSet | undefined
  /** What does not stop a start and is most likely a mistake, as sentences. Absent: nothing. */
  warnings?: readonly string[]
  /** Those of `warnings` that concern a definition, by its key: of its own files, and of what it uses. Absent: none. */
  warningsOf?: ReadonlyMap<string, readonly string[]>
  /** Definitions that cannot be used, by their key, with every reason. Absent: none. */
  leftOut?: ReadonlyMap<string, readonly DefinitionProblem[]>
  /** Every mistake of every file, those of shared files and of `leftOut`. Absent: none. */
  problems?: readonly DefinitionProblem[]
  /** channels.json cannot be used: `channels` are not what its author meant. */
  withoutChannels?: boolean
}
