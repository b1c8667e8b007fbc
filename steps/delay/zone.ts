const known = new Map<string, boolean>()

/** The first of the names that is a time zone this host knows, else Etc/UTC. */
export function firstZone(...names: unknown[]): string {
  return names.find((name): name is string => typeof name === 'string' && isZone(name)) ?? 'Etc/UTC'
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
