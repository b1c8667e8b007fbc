import addressparser from 'nodemailer/lib/addressparser'

export interface EmailAddress {
  name: string
  address: string
}

// Narrower than the RFC: no quoted local part, no domain literal, nothing that could end an address and start another.
const ADDRESS = /^[^\s\p{Cc}@"<>()[\]\\,;:]{1,64}@[^\s\p{Cc}@"'<>()[\]\\,;:.]+(\.[^\s\p{Cc}@"'<>()[\]\\,;:.]+)*$/u

export function isEmailAddress(text: string): boolean {
  return text.length <= 254 && ADDRESS.test(text)
}

/** `name@example.com` or `Name <name@example.com>`; undefined if it is not exactly one such address. */
export function parseAddress(text: string): EmailAddress | undefined {
  const [first, ...others] = addressparser(text, { flatten: true })
  if (first === undefined || others.length > 0 || !isEmailAddress(first.address)) return undefined
  return { name: first.name, address: first.address }
}
