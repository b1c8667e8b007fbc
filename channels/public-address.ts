import ipaddr from 'ipaddr.js'
import { lookup as resolve } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import type { HostList } from '../settings/host-list.ts'
import { NotSent } from './sender.ts'

const GLOBAL_UNICAST_V6 = ipaddr.IPv6.parseCIDR('2000::/3')

/** False for loopback, private, link-local, carrier-grade NAT, multicast and every other range that is not the public Internet's. */
export function isPublicAddress(address: string): boolean {
  // An IPv4 address mapped into IPv6 counts as what it stands for.
  const parsed = ipaddr.process(address)
  if (parsed.range() !== 'unicast') return false
  return parsed.kind() === 'ipv4' || (parsed as ipaddr.IPv6).match(GLOBAL_UNICAST_V6)
}

/**
 * Connects to public addresses, and to what `allowed` lists: a host listed by name may be anywhere, any other name only at
 * addresses that are public or listed. What is checked is what is connected to, so a name that resolves anew gains nothing.
 */
export function guardedConnector(options: buildConnector.BuildOptions, allowed: HostList): buildConnector.connector {
  if (allowed.isEvery) return buildConnector(options)
  const anywhere = buildConnector(options)
  const guarded = buildConnector({ ...options, lookup: lookupIn(allowed) })
  return (target, callback) => {
    if (allowed.has(target.hostname)) return anywhere(target, callback)
    // A literal address is never looked up.
    const address = target.hostname.replace(/^\[(.*)\]$/, '$1')
    const refusal = isIP(address) === 0 ? undefined : refuse(address, [address], allowed)
    if (refusal === undefined) guarded(target, callback)
    else callback(refusal, null)
  }
}

function lookupIn(allowed: HostList): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      const addresses = error === null ? found.map(({ address }) => address) : []
      const failed = error ?? refuse(hostname, addresses, allowed)
      if (failed !== undefined) callback(failed, '')
      else if (options.all === true) callback(null, found)
      else callback(null, found[0]!.address, found[0]!.family)
    })
  }
}

/** A name with even one address inside is refused as a whole. */
function refuse(hostname: string, addresses: string[], allowed: HostList): NotSent | undefined {
  const inside = addresses.find((address) => !isPublicAddress(address) && !allowed.hasAddress(address))
  if (inside === undefined) return undefined
  const what = inside === hostname ? inside : `${hostname} is ${inside}, which`
  return new NotSent(`${what} is not a public address; BELAY_HTTP_ALLOW_PRIVATE=${hostname} allows this host`)
}
