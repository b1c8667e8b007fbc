import type { ConditionGroup } from '../conditions/conditions.ts'
import type { PreferenceSet } from '../preferences/preference-set.ts'
import type { JsonObject } from '../store/schema/columns.ts'
import type { PartialSource } from '../templates/liquid/rendering.ts'
import type { Step } from './step.ts'

/** How a stored definition is laid out; a store may hold several. Raised with every change that older code cannot read. */
export const DEFINITION_FORMAT = 1

/**
 * A definition as it is kept and carried out: files resolved, channels resolved, everything checked. Plain JSON. Its steps
 * are a graph in a flat list: each says where it goes on.
 */
export interface Definition {
  key: string
  name: string
  categories: string[]
  active: boolean
  /** Must hold when it is triggered, or a recipient run ends before its first step. Absent: none. */
  conditions?: ConditionGroup
  /** A recipient's second run, of all or for one tenant, ends before its first step. Absent: every trigger runs. */
  frequency?: 'once_per_recipient' | 'once_per_recipient_per_tenant'
  /** What the data of a trigger must fit: a JSON schema that compiles. Absent: anything. */
  triggerSchema?: JsonObject
  /** Its messages are commercial: who has unsubscribed from those gets none. Absent: no. */
  isCommercial?: true
  /** Nobody's preferences hold its messages back. Absent: no. */
  overridePreferences?: true
  steps: Step[]
  /** What its templates use from beside the definition's own folder. Absent: nothing. */
  library?: Library
}

/** What is shared by all definitions of a folder. A definition holds what it uses: it is part of its version. */
export interface Library {
  /** As in vars.json: `$NAME` is read from the environment of the process that renders. */
  vars: Record<string, unknown>
  /** As in preferences.json: what holds for recipients who have not set it themselves. */
  preferences?: PreferenceSet
  layouts?: Record<string, Layout>
  partials?: Record<string, PartialSource>
  /** Texts by locale, then by namespace ('' without one). */
  translations?: Record<string, unknown>
}

/** What stands around the content of an e-mail; both texts are Liquid and name `content`. */
export interface Layout {
  html: string
  text: string | null
  footerLinks: { text: string; url: string }[]
  /** Its HTML is MJML. Absent: no. */
  isMjml?: true
}

/** One version of a definition. `hash` is the SHA-256 (hex) of its JSON; `versionId` the UUIDv5 of the hash. */
export interface DefinitionVersion {
  hash: string
  versionId: string
  definition: Definition
}
