import type { Channel } from '../../definitions/catalog.ts'
import { renderLine } from '../../templates/filler.ts'
import type { Scope } from '../../templates/scope.ts'
import { hasLiquid, VARIABLE } from '../settings.ts'
import type { EmailContent, EmailSettings } from './content.ts'
import { parseAddress } from './email-address.ts'

/** Settings of an e-mail channel that may be Liquid. */
const ADDRESSES = ['from', 'from_name', 'reply_to', 'to', 'cc', 'bcc'] as const
type Addresses = Partial<Record<(typeof ADDRESSES)[number], string>>

/**
 * An e-mail with those of its channel's addresses that are Liquid, where its step has none of its own. Throws a
 * TemplateError.
 */
export function withChannelAddresses(
  content: EmailContent,
  { ref, scope, channel }: { ref: string; scope: Scope; channel: Channel },
): EmailContent {
  const liquid = liquidOf(channel)
  if (liquid === null) return content
  const settings: EmailSettings = { ...content.settings }
  const { from } = settings
  // A sender of the step's with a name of its own keeps it.
  const isNamed = from !== undefined && parseAddress(from)?.name !== ''
  for (const [name, text] of Object.entries(liquid) as [keyof Addresses, string][]) {
    if (settings[name] !== undefined || (name === 'from_name' && isNamed)) continue
    const filled = renderLine(ref, `channel ${channel.key}, settings.${name}`, text, scope)
    if (filled !== '') settings[name] = filled
  }
  return Object.keys(settings).length === 0 ? content : { ...content, settings }
}

const known = new WeakMap<Channel, Addresses | null>()

/** The channel's addresses that are Liquid; null: none. A sender written as `Name <address>` is two. */
function liquidOf(channel: Channel): Addresses | null {
  const found = known.get(channel)
  if (found !== undefined) return found
  const liquid: Addresses = {}
  for (const name of ADDRESSES) {
    const text = settingOf(channel, name)
    if (text === null || !hasLiquid(text)) continue
    liquid[name] = text
    const [, own, address] = (name === 'from' && /^([^<]*\S)\s*<([^<>]*)>\s*$/.exec(text)) || []
    if (own !== undefined && isWhole(own) && isWhole(address!)) {
      liquid.from = address!
      if (settingOf(channel, 'from_name') === null) liquid.from_name = own
    }
  }
  const made = Object.keys(liquid).length === 0 ? null : liquid
  known.set(channel, made)
  return made
}

/** A setting as it is meant: `$NAME` is this worker's variable. Null: there is none. */
function settingOf({ settings }: Channel, name: string): string | null {
  const given = settings[name]
  if (typeof given !== 'string') return null
  const variable = VARIABLE.exec(given)?.[1]
  return variable === undefined ? given : (process.env[variable] ?? null)
}

/** Whether no output or tag begins in it that ends elsewhere. */
function isWhole(text: string): boolean {
  return text.split(/\{\{|\{%/).length === text.split(/\}\}|%\}/).length
}
