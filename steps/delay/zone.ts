import { renderingFor } from '../../templates/rendering-for.ts'
import type { Scope } from '../../templates/scope.ts'

const known = new Map<string, boolean>()

/** The first of the names that is a time zone this host knows, else Etc/UTC. */
export function firstZone(...names: unknown[]): string {
  return names.find((name): name is string => typeof name === 'string' && isZone(name)) ?? 'Etc/UTC'
}

/** The zone whose clock counts for a recipient: their own, else `timeZone`, else Etc/UTC. One that is none is a warning of the scope's. */
export function zoneFor(scope: Scope, timeZone: string | undefined): string {
  const own = scope.recipient['timezone']
  const zone = firstZone(own, timeZone)
  if (own !== undefined && own !== null && own !== '' && own !== zone)
    renderingFor(scope).warn?.(
      `the recipient's time zone ${JSON.stringify(own).slice(0, 100)} is not known: ${zone} counts`,
    )
  return zone
}

/** True for an IANA name such as Europe/Berlin; a bare offset is none. */
export function isZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{1,63}$/.test(name)) return false
  const before = known.get(name)
  if (before !== undefined) return before
  let valid = true
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
  } catch {
    valid = false
  }
  // There are some 600 names; what callers make up must not fill the memory.
  if (known.size < 2_000) known.set(name, valid)
  return valid
}
