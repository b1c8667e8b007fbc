import ipaddr from 'ipaddr.js'

/** Lower-case, as a URL has it, a trailing dot and the brackets of an IPv6 address taken off. */
type HostName = string
type Range = [ipaddr.IPv4 | ipaddr.IPv6, number]

/**
 * Hosts that somebody named: `hooks.example`, `*.hooks.example` (everything below it, not itself), an address, a range of
 * addresses as `10.0.0.0/8`, or `*` for every host. The one rule for what may be reached or told where a URL may come from
 * outside: private addresses, and secrets.
 */
export class HostList {
  static readonly none = new HostList([])
  static readonly every = new HostList(['*'])

  readonly isEvery: boolean
  readonly #names = new Set<HostName>()
  readonly #below: string[] = []
  readonly #ranges: Range[] = []

  /** Throws a RangeError that names the entry that is none. */
  constructor(entries: readonly string[]) {
    this.isEvery = entries.includes('*')
    for (const entry of entries) if (entry !== '*') this.#add(entry)
  }

  /** Whether the host stands in the list, as a name or as an address. */
  has(hostname: string): boolean {
    const name = plain(hostname)
    return (
      this.isEvery ||
      this.#names.has(name) ||
      this.#below.some((suffix) => name.endsWith(suffix)) ||
      this.hasAddress(name)
    )
  }

  /** Whether an address stands in the list, alone or in a range. False for what is no address. */
  hasAddress(address: string): boolean {
    if (this.isEvery) return true
    if (this.#ranges.length === 0 || !ipaddr.isValid(address)) return false
    // An IPv4 address mapped into IPv6 counts as what it stands for.
    const parsed = ipaddr.process(address)
    return this.#ranges.some(([base, bits]) => parsed.kind() === base.kind() && parsed.match(base, bits))
  }

  #add(entry: string): void {
    const range = rangeOf(entry)
    if (range !== undefined) this.#ranges.push(range)
    else if (entry.startsWith('*.')) this.#below.push(`.${nameOf(entry.slice(2), entry)}`)
    else this.#names.add(nameOf(entry, entry))
  }
}

/** Whether `entry` can stand in a list of hosts. */
export function isHostEntry(entry: string): boolean {
  try {
    new HostList([entry])
    return true
  } catch {
    return false
  }
}

/** What an entry may be, for messages. */
export const HOST_ENTRY =
  'a host (hooks.example), *.hooks.example, an address, a range (10.0.0.0/8), or * for every host'

/** An address, or a range of them. `010.0.0.1` and `10.1` are refused as names below: they read differently elsewhere. */
function rangeOf(entry: string): Range | undefined {
  const bare = entry.replace(/^\[(.*)\]$/, '$1')
  if (ipaddr.isValidCIDR(bare)) return ipaddr.parseCIDR(bare)
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return undefined
  const address = ipaddr.process(bare)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}

/** The name as a URL would have it: `Bücher.example` is `xn--bcher-kva.example`. */
function nameOf(text: string, entry: string): HostName {
  const url =
    /^[^\s/:@?#\\*[\]%]+$/.test(text) && URL.canParse(`http://${text}`) ? new URL(`http://${text}`) : undefined
  if (url === undefined || ipaddr.isValid(url.hostname))
    throw new RangeError(`${JSON.stringify(entry)} is no ${HOST_ENTRY}`)
  return plain(url.hostname)
}

function plain(hostname: string): HostName {
  return hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
}
