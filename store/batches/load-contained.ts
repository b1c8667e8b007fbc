import type { Database } from '../postgres/database.ts'
import type { Json, JsonObject } from '../schema/index.ts'
import {
  loadActivities,
  loadActors,
  loadMergedData,
  LONGEST_TEXT,
  type Activity,
  type DigestRequest,
} from './load-activities.ts'

/** The activities of a batch, and what they come to together. */
export interface Contained {
  total: number
  totalActors: number
  /** Null where none is left. */
  first: Activity | null
  /** Those that are shown, oldest first. */
  activities: Activity[]
  /** Each once, as ids/recipient.ts writes them. */
  actors: string[]
  data: JsonObject
}

/** What batches contain, in the order of the requests; three statements at most. Nothing of one is another's. */
export async function loadContained(db: Database, requests: readonly DigestRequest[]): Promise<Contained[]> {
  if (requests.length === 0) return []
  const activities = groupOf(await loadActivities(db, requests))
  // Where not all of them are shown the store sums them up.
  const places = requests.map((_request, place) => place)
  const shownOf = (place: number) => (activities.get(place) ?? []).filter(({ isShown }) => isShown)
  const large = places.filter((place) => (activities.get(place)?.[0]?.total ?? 0) > shownOf(place).length)
  const asked = large.map((place) => requests[place]!)
  const [actors, merged] = await Promise.all([loadActors(db, asked), loadMergedData(db, asked)])
  const actorsOf = groupOf(actors)
  const mergedOf = groupOf(merged)
  return requests.map((_request, index) => {
    const found = activities.get(index) ?? []
    const total = found[0]?.total ?? 0
    const shown = shownOf(index)
    const base = { total, first: found[0] ?? null, activities: shown }
    const place = large.indexOf(index)
    if (place === -1) {
      const who = [...new Set(shown.flatMap(({ actor }) => actor ?? []))]
      return { ...base, actors: who, totalActors: who.length, data: laidTogether(shown) }
    }
    const who = actorsOf.get(place) ?? []
    const data = Object.fromEntries((mergedOf.get(place) ?? []).map(({ name, value }) => [name, value]))
    return { ...base, actors: who.map(({ actor }) => actor), totalActors: who[0]?.total ?? 0, data }
  })
}

function groupOf<Row extends { request: number }>(rows: readonly Row[]): Map<number, Row[]> {
  const groups = new Map<number, Row[]>()
  for (const row of rows) {
    const same = groups.get(row.request)
    if (same === undefined) groups.set(row.request, [row])
    else same.push(row)
  }
  return groups
}

function laidTogether(activities: readonly Activity[]): JsonObject {
  const data = new Map<string, Json>()
  for (const activity of activities) {
    for (const [name, value] of Object.entries(activity.data)) {
      if (typeof value === 'object' && value !== null) continue
      data.set(name, typeof value === 'string' && value.length > LONGEST_TEXT ? cut(value) : value)
    }
  }
  return Object.fromEntries(data)
}

/** At the end of a character, as Postgres does. */
function cut(text: string): string {
  return Array.from(text.slice(0, 2 * LONGEST_TEXT))
    .slice(0, LONGEST_TEXT)
    .join('')
}
