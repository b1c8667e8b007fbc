import { recipientKey, type RecipientReference } from '../../store/ids/recipient.ts'

/** What a grant may be for; each to `read` or `write`. */
export type Area = 'user' | 'feed' | 'preferences' | 'channel_data'
export type Right = 'read' | 'write'

/** Knock's documents and SDKs spell the feed's in three ways. */
const spellings: Record<Area, (right: Right) => string[]> = {
  user: (right) => [`user/${right}`],
  feed: (right) => [`user_feed/${right}`, `feed/${right}`, `user/feed_${right}`],
  preferences: (right) => [`preferences/${right}`],
  channel_data: (right) => [`channel_data/${right}`],
}

/** Which tenants' items somebody may see: those named, and those of none if `none`. */
export interface TenantScope {
  tenants: ReadonlySet<string>
  none: boolean
}

/**
 * The grants of a user token. They name resources by URIs of api.knock.app, which SDKs write whatever the host is, so the
 * host is not looked at. A grant with a condition is none: only `{}` is read.
 */
export interface Grants {
  /** Whether the token may do this to a user or object; another user's is never reached. */
  reaches(userId: string, whose: RecipientReference, area: Area, right: Right): boolean
  /** Undefined: of all tenants. */
  tenants(userId: string, area: Area, right: Right): TenantScope | undefined
}

/** What `given` permits. Without `isExplicit` a user may do everything to themselves, whatever is granted, as at Knock. */
export function grantsOf(given: Record<string, Record<string, unknown[]>>, isExplicit: boolean): Grants {
  const byPath = new Map<string, Set<string>>()
  for (const [uri, rights] of Object.entries(given)) {
    const granted = Object.keys(rights).filter((right) => rights[right]!.some(isUnconditional))
    byPath.set(pathOf(uri), new Set([...(byPath.get(pathOf(uri)) ?? []), ...granted]))
  }
  const has = (path: string, area: Area, right: Right) =>
    spellings[area](right).some((spelling) => byPath.get(path)?.has(spelling) === true)
  const ofUser = (userId: string, area: Area, right: Right) => has(`users/${userId}`, area, right)
  const tenants = (userId: string, area: Area, right: Right): TenantScope | undefined => {
    const named = new Set([...byPath.keys()].map(tenantOf).filter((tenant) => tenant !== undefined))
    const allowed = [...named].filter(
      (tenant) => has(`tenants/${tenant}`, area, right) || has(`objects/$tenants/${tenant}`, area, right),
    )
    if (allowed.length === 0) return undefined
    return { tenants: new Set(allowed), none: ofUser(userId, area, right) }
  }
  return {
    tenants,
    reaches(userId, whose, area, right) {
      if (typeof whose !== 'string') {
        const paths = [`objects/${whose.collection}/${whose.id}`]
        if (whose.collection === '$tenants') paths.push(`tenants/${whose.id}`)
        return paths.some((path) => has(path, area, right))
      }
      if (recipientKey(whose) !== userId) return false
      return !isExplicit || ofUser(userId, area, right) || tenants(userId, area, right) !== undefined
    },
  }
}

function isUnconditional(caveat: unknown): boolean {
  return typeof caveat === 'object' && caveat !== null && Object.keys(caveat).length === 0
}

/** `users/ada` of `https://api.knock.app/v1/users/ada`. */
function pathOf(uri: string): string {
  const path = uri.replace(/^https?:\/\/[^/]{1,253}\/v1\//, '').replace(/\/$/, '')
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function tenantOf(path: string): string | undefined {
  return /^(?:tenants|objects\/\$tenants)\/(.+)$/.exec(path)?.[1]
}
