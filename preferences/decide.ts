import { compileConditions } from '../conditions/compile.ts'
import type { ConditionGroup, Json } from '../conditions/conditions.ts'
import { evaluateConditions, type ConditionScope, type EvaluationOptions } from '../conditions/evaluate.ts'
import type { GroupExplanation } from '../conditions/explanation.ts'
import type { PreferenceSet, PreferenceValue, WorkflowPreference } from './preference-set.ts'

/** What is asked of a preference set. */
export interface PreferenceQuestion {
  workflow: string
  categories: readonly string[]
  /** UUID. */
  channelId: string
  channelType: string
  isCommercial: boolean
  /** The workflow's `settings.override_preferences`: nothing is asked. */
  overridePreferences: boolean
}

export interface PreferenceDecision {
  allowed: boolean
  /** The path of the first rule that blocked, such as `categories.marketing.channel_types.email`; null if none did. */
  blockedBy: string | null
  /** Every rule that applied, those that blocked first; at most 50. */
  rules: PreferenceRule[]
  /** So many rules that applied are not shown. */
  omitted?: number
}

export interface PreferenceRule {
  rule: string
  allowed: boolean
  /** How its conditions came out. */
  conditions?: GroupExplanation
}

const MOST_SHOWN = 50

/**
 * Whether a channel step may send: every rule that applies must allow it, and without a rule it may. A setting for the
 * channel beats one for its type in the same place. Never throws.
 */
export function decidePreferences(
  set: PreferenceSet,
  question: PreferenceQuestion,
  scope: ConditionScope,
  options: EvaluationOptions,
): PreferenceDecision {
  if (question.overridePreferences) return { allowed: true, blockedBy: null, rules: [] }
  const rules: PreferenceRule[] = []
  const add = (rule: string, value: PreferenceValue | undefined) => {
    if (value === undefined) return
    if (typeof value === 'boolean') rules.push({ rule, allowed: value })
    else rules.push(conditional(rule, value.conditions, scope, options))
  }
  const addChannel = (place: string, settings: ChannelSettings) => {
    const own = entryOf(settings.channels, question.channelId)
    if (own !== undefined) add(`${place}channels.${question.channelId}`, own)
    else add(`${place}channel_types.${question.channelType}`, entryOf(settings.channel_types, question.channelType))
  }
  const addWorkflow = (place: string, value: WorkflowPreference | undefined) => {
    if (value === undefined || typeof value === 'boolean') return add(place, value)
    if (value.conditions !== undefined) add(place, { conditions: value.conditions })
    addChannel(`${place}.`, value)
  }
  if (question.isCommercial) add('commercial_subscribed', set.commercial_subscribed)
  addChannel('', set)
  addWorkflow(`workflows.${question.workflow}`, entryOf(set.workflows, question.workflow))
  for (const category of new Set(question.categories))
    addWorkflow(`categories.${category}`, entryOf(set.categories, category))
  const blocking = rules.filter((rule) => !rule.allowed)
  const sorted = [...blocking, ...rules.filter((rule) => rule.allowed)]
  return {
    allowed: blocking.length === 0,
    blockedBy: blocking[0]?.rule ?? null,
    rules: sorted.slice(0, MOST_SHOWN),
    ...(sorted.length > MOST_SHOWN && { omitted: sorted.length - MOST_SHOWN }),
  }
}

interface ChannelSettings {
  channels?: Record<string, PreferenceValue>
  channel_types?: Record<string, PreferenceValue>
}

function entryOf<Value>(table: Record<string, Value> | undefined, key: string): Value | undefined {
  return table !== undefined && Object.hasOwn(table, key) ? table[key] : undefined
}

function conditional(rule: string, list: Json[], scope: ConditionScope, options: EvaluationOptions): PreferenceRule {
  const conditions = compiled(list)
  if (conditions === 'unusable') return { rule, allowed: false }
  const { result, explanation } = evaluateConditions(conditions, scope, options)
  return { rule, allowed: result, ...(explanation !== null && { conditions: explanation }) }
}

const cache = new WeakMap<Json[], ConditionGroup | null | 'unusable'>()

/** Conditions are checked when a set is stored; one that cannot be compiled all the same holds back. */
function compiled(list: Json[]): ConditionGroup | null | 'unusable' {
  const known = cache.get(list)
  if (known !== undefined) return known
  const { conditions, problems } = compileConditions(list, { place: 'preference' })
  const result = problems.length > 0 ? 'unusable' : conditions
  cache.set(list, result)
  return result
}
