import type { ChannelStep } from '../../definitions/step.ts'
import { decidePreferences } from '../../preferences/decide.ts'
import { mergePreferences } from '../../preferences/merge.ts'
import { storedPreferenceSet } from '../../preferences/preference-schema.ts'
import type { PreferenceSet } from '../../preferences/preference-set.ts'
import type { JsonObject } from '../../store/schema/index.ts'
import { optionsOf, scopeOf } from '../conditions.ts'
import type { StepDeps, StepResult, Walk } from '../kind.ts'

/** The result of a channel step that preferences hold back, with the rule that did; null where they allow it. */
export function heldBack(walk: Walk<ChannelStep>, { now }: StepDeps): StepResult | null {
  const { definition, scope, step, trigger } = walk
  if (definition.overridePreferences === true) return null
  const own = scope.recipient['preferences']
  const settings = scope.tenant?.['settings']
  const environment = definition.library?.preferences
  if (own === undefined && settings === undefined && environment === undefined) return null
  const merged = mergePreferences({
    environment: environment ?? null,
    recipient: setOf(fieldOf(own, 'default')),
    tenant: setOf(fieldOf(settings, 'preference_set')),
    recipientForTenant: trigger.tenant === null ? null : setOf(fieldOf(own, trigger.tenant)),
  })
  const question = {
    workflow: definition.key,
    categories: definition.categories,
    channelId: step.channel.id,
    channelType: step.channelType,
    isCommercial: definition.isCommercial === true,
    overridePreferences: false,
  }
  const { allowed, blockedBy, rules } = decidePreferences(
    merged,
    question,
    scopeOf(walk, new Map()),
    optionsOf(walk, now),
  )
  if (allowed) return null
  const data = { blocked_by: blockedBy, rules: rules as unknown as JsonObject[] }
  return { kind: 'go_on', skipped: { reason: 'preferences of the recipient', data } }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}

/** A set as it was stored; what is none, as properties may hold anything, says nothing. */
function setOf(value: unknown): PreferenceSet | null {
  if (value === undefined || value === null) return null
  const parsed = storedPreferenceSet.safeParse(value)
  return parsed.success ? parsed.data : null
}
