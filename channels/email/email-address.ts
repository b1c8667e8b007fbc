import addressparser from 'nodemailer/lib/addressparser'
import { isEmailAddress } from '../../resources/contact.ts'

export interface EmailAddress {
  name: string
  address: string
}

/** `name@example.com` or `Name <name@example.com>`; undefined if it is not exactly one such address. */
export function parseAddress(text: string): EmailAddress | undefined {
  const [first, ...others] = addressparser(text, { flatten: true })
  if (first === undefined || others.length > 0 || !isEmailAddress(first.address)) return undefined
  return { name: first.name, address: first.address }
}
