import type { JsonObject } from '../../store/schema/columns.ts'

export type MailHeaders = Record<string, string | string[]>

/**
 * By a field of a provider's API: the headers that say the same over SMTP, null where there are none for such a value.
 * `own` are those that the mail has. A name that ends with `:` stands for all that begin with it; `rest` is what follows.
 */
export type FieldHeaders = Readonly<
  Record<string, (value: unknown, own: MailHeaders, rest: string) => MailHeaders | null>
>

/** Headers that say who wrote to whom and what, or how the mail is built: they have fields of their own. */
const RESERVED =
  /^(?:from|to|cc|bcc|sender|reply-to|subject|date|message-id|mime-version|return-path|received|dkim-signature|auto-submitted|content-.*|x-belay-.*)$/i

/**
 * A mail's headers with `json_overrides`: fields that a provider's API would take, and that a mail over SMTP can only have as
 * headers. `told` names those that it cannot have; they are left out.
 */
export function withOverrides(
  own: MailHeaders,
  overrides: JsonObject | undefined,
  fields: FieldHeaders = {},
): { headers: MailHeaders; told: Record<string, string> } {
  let headers = own
  const left: string[] = []
  for (const [name, value] of Object.entries(overrides ?? {})) {
    const made = headersOf(name, value, headers, { ...everywhere, ...fields })
    if (made === null || Object.values(made).some((text) => text.length === 0)) left.push(name)
    else headers = { ...headers, ...made }
  }
  if (left.length === 0) return { headers, told: {} }
  return { headers, told: { json_overrides: `left out, for mail over SMTP has no place for it: ${left.join(', ')}` } }
}

function headersOf(name: string, value: unknown, own: MailHeaders, fields: FieldHeaders): MailHeaders | null {
  if (Object.hasOwn(fields, name)) return fields[name]!(value, own, '')
  const colon = name.indexOf(':') + 1
  const family = name.slice(0, colon)
  return Object.hasOwn(fields, family) ? fields[family]!(value, own, name.slice(colon)) : null
}

/** `{"X-A": "1"}`, or a list of `{name, value}`; Knock's customers know both from their providers. */
export const asHeaders = (value: unknown, own: MailHeaders): MailHeaders | null => {
  const given = Array.isArray(value) ? pairsOf(value) : value
  const made = given === null ? null : named(given, (name) => name)
  if (made === null) return null
  const taken = new Set(Object.keys(own).map((name) => name.toLowerCase()))
  return Object.keys(made).some((name) => RESERVED.test(name) || taken.has(name.toLowerCase())) ? null : made
}

const everywhere: FieldHeaders = { headers: asHeaders, Headers: asHeaders }

/** A header for each field of an object; null where one cannot be. */
export function named(value: unknown, nameOf: (field: string) => string): MailHeaders | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  let headers: MailHeaders = {}
  for (const [field, text] of Object.entries(value)) {
    const made = header(nameOf(field), text)
    if (made === null) return null
    headers = { ...headers, ...made }
  }
  return headers
}

/** One header; null where it cannot be: its name, or a value that is no scalar. A line break in it is a blank. */
export function header(name: string, value: unknown): MailHeaders | null {
  if (!/^[A-Za-z][A-Za-z0-9-]{0,126}$/.test(name)) return null
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return null
  return { [name]: oneLine(String(value)) }
}

/** A list of `{name, value}`, in either case of letters, as an object; null where it is none. */
export function pairsOf(list: unknown): Record<string, unknown> | null {
  if (!Array.isArray(list)) return null
  const pairs = list.map((each: unknown) => {
    const pair = typeof each === 'object' && each !== null ? (each as Record<string, unknown>) : {}
    return [pair['name'] ?? pair['Name'], pair['value'] ?? pair['Value']] as const
  })
  if (pairs.some(([name]) => typeof name !== 'string')) return null
  return Object.fromEntries(pairs as [string, unknown][])
}

function oneLine(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, 900)
}
