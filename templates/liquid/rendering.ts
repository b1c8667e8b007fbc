import type { Context } from 'liquidjs'

/** An entity that a template asked for by id. */
export type EntityKind = 'user' | 'object' | 'tenant'

/**
 * Users, objects and tenants that templates ask for. What is not at hand is noted, so that the caller can load all of a
 * chunk in one statement and render again. Null: there is none, or not yet. Throws where a template asks for too many.
 */
export interface Entities {
  get(kind: EntityKind, id: string, collection?: string): Record<string, unknown> | null
}

/** What belongs to one rendering and that no template can reach. */
export interface Rendering {
  /** Of the recipient, for translations. */
  locale: string | undefined
  partials: Readonly<Record<string, PartialSource>>
  translations: Readonly<Record<string, unknown>>
  entities: Entities | undefined
  /** How many partials are open around this one. */
  depth: number
  now: () => number
  warn: (message: string) => void
  /** Whether `capture` took anything yet: filters have nothing to look for before. */
  hasCaptured: boolean
  /** Whether a needed address came out empty, or not safe to open, in the piece that is being rendered. */
  lacksAddress: boolean
}

export interface PartialSource {
  type: 'html' | 'markdown' | 'text' | 'json'
  content: string
  /** Inputs that are handed over as they are; any other is text. */
  lists: readonly string[]
  defaults: Readonly<Record<string, unknown>>
}

const KEY = 'belay'

/** Gives tags and filters of one rendering what they may ask for. */
export function setRendering(context: Context, rendering: Rendering): void {
  context.setRegister(KEY, rendering)
}

/** What `setRendering` gave to this rendering. */
export function renderingOf(context: Context): Rendering {
  return context.getRegister<Rendering>(KEY)
}
