import type { PreferenceSet, PreferenceValue, PreferenceWrite, WorkflowPreference } from './preference-set.ts'

/** The sets that may apply to a recipient of a trigger; null or absent where there is none. */
export interface PreferenceSources {
  /** Of `preferences.json`. */
  environment?: PreferenceSet | null
  /** The recipient's set named `default`. */
  recipient?: PreferenceSet | null
  /** `settings.preference_set` of the trigger's tenant. */
  tenant?: PreferenceSet | null
  /** The recipient's set named after the trigger's tenant. */
  recipientForTenant?: PreferenceSet | null
}

/**
 * The set that applies: the recipient's default over the environment's; for a trigger with a tenant the recipient's for
 * the tenant over the tenant's over the environment's, unless neither of the two is set. A recipient who has
 * unsubscribed from what is commercial in their default set stays so for every tenant.
 */
export function mergePreferences(sources: PreferenceSources): PreferenceSet {
  const { environment, recipient, tenant, recipientForTenant } = sources
  const forTenant = isSet(tenant) || isSet(recipientForTenant)
  const layers = forTenant ? [environment, tenant, recipientForTenant] : [environment, recipient]
  const merged = layers.reduce<PreferenceSet>((below, above) => layer(below, above ?? {}, true), {})
  if (!forTenant || recipient?.commercial_subscribed === undefined) return merged
  const own = recipientForTenant?.commercial_subscribed ?? recipient.commercial_subscribed
  return { ...merged, commercial_subscribed: both(recipient.commercial_subscribed, own) }
}

/** What holds only where both do. */
function both(one: PreferenceValue, other: PreferenceValue): PreferenceValue {
  if (one === false || other === false) return false
  if (one === true || one === other) return other
  if (other === true) return one
  return { conditions: [...one.conditions, ...other.conditions] }
}

/** What a PUT leaves: the new set, or with `merge` the new one laid over the stored one, entry by entry. */
export function storePreferences(stored: PreferenceSet | null, { strategy, set }: PreferenceWrite): PreferenceSet {
  return strategy === 'merge' && stored !== null ? layer(stored, set, false) : set
}

/** True for a set that says something. */
function isSet(set: PreferenceSet | null | undefined): set is PreferenceSet {
  return set !== undefined && set !== null && Object.keys(set).length > 0
}

/** With `obeying`, an entry that says `__strategy__: replace` wins over, or under, the other as a whole. */
function layer(below: PreferenceSet, above: PreferenceSet, obeying: boolean): PreferenceSet {
  const merged: PreferenceSet = { ...below, ...above }
  for (const name of ['channel_types', 'channels'] as const) {
    if (below[name] && above[name]) merged[name] = { ...below[name], ...above[name] }
  }
  for (const name of ['workflows', 'categories'] as const) {
    if (below[name] && above[name]) merged[name] = entries(below[name], above[name], obeying)
  }
  return merged
}

function entries(
  below: Record<string, WorkflowPreference>,
  above: Record<string, WorkflowPreference>,
  obeying: boolean,
): Record<string, WorkflowPreference> {
  const merged = new Map(Object.entries(below))
  for (const [key, value] of Object.entries(above)) {
    const under = merged.get(key)
    merged.set(key, under === undefined ? value : entry(under, value, obeying))
  }
  return Object.fromEntries(merged)
}

function entry(below: WorkflowPreference, above: WorkflowPreference, obeying: boolean): WorkflowPreference {
  if (obeying && replaces(below)) return below
  if (typeof below === 'boolean' || typeof above === 'boolean' || (obeying && replaces(above))) return above
  const merged = { ...below, ...above }
  for (const name of ['channel_types', 'channels'] as const) {
    if (below[name] && above[name]) {
      const both: Record<string, PreferenceValue> = { ...below[name], ...above[name] }
      merged[name] = both
    }
  }
  return merged
}

function replaces(preference: WorkflowPreference): boolean {
  return typeof preference === 'object' && preference.__strategy__ === 'replace'
}
