import addressparser from 'nodemailer/lib/addressparser'
import { isEmailAddress } from '../../resources/contact.ts'

export interface EmailAddress {
  name: string
  address: string
}

/** `name@example.com` or `Name <name@example.com>`; undefined if it is not exactly one such address. */
export function parseAddress(text: string): EmailAddress | undefined {
  const [first, ...others] = addressesIn(text) ?? []
  if (first === undefined || others.length > 0 || !isEmailAddress(first.address)) return undefined
  return { name: first.name, address: first.address }
}

/** Addresses with commas between them, each once; undefined if one of them is none, or there is none at all. */
export function parseAddressList(text: string): EmailAddress[] | undefined {
  const found = addressesIn(text)
  if (found === undefined || found.length === 0 || found.some(({ address }) => !isEmailAddress(address)))
    return undefined
  const byAddress = new Map(found.map(({ name, address }) => [address.toLowerCase(), { name, address }]))
  return [...byAddress.values()]
}

/** Undefined where a colon makes a group of them: what stands before it would be lost, an address or not. */
function addressesIn(text: string): EmailAddress[] | undefined {
  const found = addressparser(text)
  return found.every((each) => !('group' in each)) ? (found as EmailAddress[]) : undefined
}
