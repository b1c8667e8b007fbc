import { z } from 'zod'
import type { Database } from '../../store/postgres/database.ts'
import { allPreferenceSets } from '../../store/profiles/list-profiles.ts'
import { preferenceSetOf } from '../../resources/preferences.ts'
import { several } from './filters.ts'

/** `include[]=preferences` of lists of users, objects and subscriptions. */
export const include = several(z.literal('preferences')).describe('preferences: each with its preference sets, by id')

/** What `include` adds to recipients, by their keys: nothing, or their sets. */
export async function included(
  db: Database,
  wanted: z.output<typeof include>,
  keys: readonly string[],
): Promise<(key: string) => { preferences?: Record<string, object> }> {
  if (wanted === undefined || wanted.length === 0) return () => ({})
  const sets = await allPreferenceSets(db, [...new Set(keys)])
  return (key) => {
    const own = Object.entries(sets.get(key) ?? {})
    return { preferences: Object.fromEntries(own.map(([id, set]) => [id, preferenceSetOf(id, set)])) }
  }
}
