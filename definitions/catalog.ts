import type { PreferenceSet } from '../preferences/preference-set.ts'
import type { ChannelType, DefinitionVersion } from './definition.ts'

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

/** What the notifications folder holds, read and checked once at start. */
export interface Catalog {
  definitions: ReadonlyMap<string, DefinitionVersion>
  channels: readonly Channel[]
  /** The environment's set, of preferences.json. */
  preferences?: PreferenceSet | undefined
  /** What does not stop a start and is most likely a mistake, as sentences. Absent: nothing. */
  warnings?: readonly string[]
}
