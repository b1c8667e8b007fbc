import ipaddr from 'ipaddr.js'
import { lookup as resolve } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { NotSent } from './sender.ts'

const GLOBAL_UNICAST_V6 = ipaddr.IPv6.parseCIDR('2000::/3')

/** False for loopback, private, link-local, carrier-grade NAT, multicast and every other range that is not the public Internet's. */
export function isPublicAddress(address: string): boolean {
  // An IPv4 address mapped into IPv6 counts as what it stands for.
  const parsed = ipaddr.process(address)
  if (parsed.range() !== 'unicast') return false
  return parsed.kind() === 'ipv4' || (parsed as ipaddr.IPv6).match(GLOBAL_UNICAST_V6)
}

/** Connects to public addresses only. What is checked is what is connected to, so a name that resolves anew gains nothing. */
export function publicConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector({ ...options, lookup })
  return (target, callback) => {
    // A literal address is never looked up.
    const refusal = isIP(target.hostname) === 0 ? undefined : refuse(target.hostname, [target.hostname])
    if (refusal === undefined) connect(target, callback)
    else callback(refusal, null)
  }
}

const lookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    const failed =
      error ??
      refuse(
        hostname,
        addresses.map(({ address }) => address),
      )
    if (failed !== undefined) callback(failed, '')
    else if (options.all === true) callback(null, addresses)
    else callback(null, addresses[0]!.address, addresses[0]!.family)
  })
}

/** A name with even one address inside is refused as a whole. */
function refuse(hostname: string, addresses: string[]): NotSent | undefined {
  const inside = addresses.find((address) => !isPublicAddress(address))
  if (inside === undefined) return undefined
  const what = inside === hostname ? inside : `${hostname} is ${inside}, which`
  return new NotSent(`${what} is not a public address; BELAY_HTTP_ALLOW_PRIVATE=true allows private ones`)
}
