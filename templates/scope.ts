import type { Definition, Library } from '../definitions/definition.ts'
import { resolveVars, type Vars } from '../definitions/vars-file.ts'
import { withBranding } from './branding.ts'
import { UNSUBSCRIBE_URL } from './unsubscribe.ts'
import type { Entities } from './liquid/rendering.ts'

type Properties = Record<string, unknown>

/** A user, or with `collection` an object; or a tenant. */
export interface Subject {
  id: string
  collection?: string
  properties: Properties
  /** ISO 8601; absent: never stored. A property of this name comes before it. */
  createdAt?: string
}

export interface ScopeInput {
  definition: Pick<Definition, 'key' | 'name' | 'categories' | 'library' | 'isCommercial' | 'overridePreferences'>
  trigger: {
    workflowRunId: string
    cancelationKey: string | null
    acceptedAt: Date
    data: Properties
    actor: Subject | null
    tenant: Subject | null
  }
  /** The recipient run's UUID. */
  recipientRunId: string
  recipient: Subject
  /** The recipient's own `$trigger_data`, laid over the trigger's data. */
  triggerData: Properties | null
  messageId: string
  /** What steps left, by their refs, such as the event that a wait matched. Absent: nothing. */
  refs?: Properties
  /** Epoch milliseconds by the store's clock; absent: this host's. */
  now?: number
  /** Where the loaders `user`, `object` and `tenant` look; absent: they cannot be used. */
  entities?: Entities
}

/** What a rendering needs and no template sees. */
export interface ScopeSource {
  library: Library | undefined
  entities: Entities | undefined
  isCommercial: boolean
  /** Epoch milliseconds. */
  now: () => number
  /** What was shown otherwise than asked, until somebody takes it (`takeWarnings`). */
  warnings: Set<string> | undefined
}

/** Under it a scope holds its source. */
export const SOURCE = Symbol('source')

export interface Scope extends Properties {
  [SOURCE]?: ScopeSource
  data: Properties
  recipient: Properties
  actor: Properties | null
  tenant: Properties | null
}

/**
 * What a template sees, as in Knock. The fields of `data` stand at the top level, too, below everything named here: the
 * renderer adds them (liquid.ts). One trigger is one activity; for a batch see `withDigest`. What few templates name is made when it is asked for: a scope is built for every recipient.
 */
export function buildScope(input: ScopeInput): Scope {
  const { definition, trigger, triggerData } = input
  const isCommercial = definition.isCommercial === true
  const now = clockOf(input.now)
  const data = triggerData === null ? trigger.data : { ...trigger.data, ...triggerData }
  const recipient = flat(input.recipient)
  const actor = trigger.actor === null ? null : flat(trigger.actor)
  const tenant = trigger.tenant === null ? null : flat(trigger.tenant)
  return {
    [SOURCE]: { library: definition.library, entities: input.entities, isCommercial, now, warnings: undefined },
    data,
    recipient,
    actor,
    actors: actor === null ? [] : [actor],
    total_actors: actor === null ? 0 : 1,
    total_activities: 1,
    tenant,
    vars: varsOf(definition.library?.vars, tenant, isCommercial),
    workflow_run_id: trigger.workflowRunId,
    get timestamp() {
      return new Date(now()).toISOString()
    },
    get activities() {
      const at = trigger.acceptedAt.toISOString()
      return [{ ...data, id: input.recipientRunId, actor, recipient, data, inserted_at: at, updated_at: at }]
    },
    get workflow() {
      return {
        id: definition.key,
        key: definition.key,
        name: definition.name,
        categories: definition.categories,
        commercial: isCommercial,
        override_preferences: definition.overridePreferences === true,
        run_id: trigger.workflowRunId,
        workflow_run_id: trigger.workflowRunId,
        recipient_run_id: input.recipientRunId,
        workflow_recipient_run_id: input.recipientRunId,
        cancellation_key: trigger.cancelationKey,
      }
    },
    get refs() {
      return input.refs ?? {}
    },
    get current_message() {
      return { id: input.messageId, inserted_at: new Date(now()).toISOString() }
    },
  }
}

function clockOf(now: number | undefined): () => number {
  return () => now ?? Date.now()
}

/** The activities of a batch, and what they come to together. */
export interface DigestInput {
  /** Never shared with another digest: what is rendered is kept by it. */
  data: Properties
  actor: Subject | null
  tenant: Subject | null
  actors: Subject[]
  totalActors: number
  totalActivities: number
  /** Those that are shown, oldest first. `acceptedAt`: epoch milliseconds. */
  activities: { id: string; data: Properties; actor: Subject | null; acceptedAt: number }[]
}

/** The scope of a recipient run as it goes on for a batch: recipient, workflow and message stay, all else is the batch's. */
export function withDigest(scope: Scope, definition: ScopeInput['definition'], digest: DigestInput): Scope {
  const tenant = digest.tenant === null ? null : flat(digest.tenant)
  const { recipient } = scope
  // What is made when it is asked for stays so.
  const own = Object.defineProperties({}, Object.getOwnPropertyDescriptors(scope)) as Scope
  const laid = {
    data: digest.data,
    actor: digest.actor === null ? null : flat(digest.actor),
    actors: digest.actors.map(flat),
    total_actors: digest.totalActors,
    total_activities: digest.totalActivities,
    tenant,
    vars: varsOf(definition.library?.vars, tenant, definition.isCommercial === true),
    activities: digest.activities.map(({ id, data, actor, acceptedAt }) => {
      const at = new Date(acceptedAt).toISOString()
      return {
        ...data,
        id,
        actor: actor === null ? null : flat(actor),
        recipient,
        data,
        inserted_at: at,
        updated_at: at,
      }
    }),
  }
  for (const [name, value] of Object.entries(laid))
    Object.defineProperty(own, name, { value, enumerable: true, configurable: true, writable: true })
  return own
}

/** The scope of a message that goes to one of the recipient's devices, in its language and zone where it has its own. */
export function withDevice(scope: Scope, messageId: string, device: { locale?: string; timezone?: string }): Scope {
  const own = Object.defineProperties({}, Object.getOwnPropertyDescriptors(scope)) as Scope
  const { locale, timezone } = device
  const recipient = {
    ...scope.recipient,
    ...(locale !== undefined && { locale }),
    ...(timezone !== undefined && { timezone }),
  }
  const now = scope[SOURCE]?.now() ?? Date.now()
  const current_message = { id: messageId, inserted_at: new Date(now).toISOString() }
  for (const [name, value] of Object.entries({ recipient, current_message }))
    Object.defineProperty(own, name, { value, enumerable: true, configurable: true, writable: true })
  return own
}

const noVars: Vars = {}
const resolved = new WeakMap<Vars, Vars>()

/** A definition's variables are resolved once a process, and their branding once where no tenant has its own. */
function varsOf(vars: Vars = noVars, tenant: Properties | null, isCommercial: boolean): Properties {
  const known = resolved.get(vars)
  const plain = known ?? withBranding(resolveVars(vars, process.env), null)
  if (known === undefined) resolved.set(vars, plain)
  const branded = tenant?.['settings'] === undefined ? plain : withBranding(plain, tenant)
  return isCommercial ? { ...branded, commercial_unsubscribe_url: UNSUBSCRIBE_URL } : branded
}

/** What of a rendering was shown otherwise than asked since this was called last. */
export function takeWarnings(scope: Scope): string[] {
  const source = scope[SOURCE]
  if (source?.warnings === undefined) return []
  const taken = [...source.warnings]
  source.warnings = undefined
  return taken
}

/** Properties beside the id, which none of them can replace. */
export function flat({ id, collection, properties, createdAt }: Subject): Properties {
  const flattened: Properties =
    createdAt === undefined ? { ...properties, id } : { created_at: createdAt, ...properties, id }
  if (collection !== undefined) flattened['collection'] = collection
  return flattened
}
