import { neededAddress } from '../../../templates/address.ts'
import { escapeHtml } from '../../../templates/escape.ts'
import { cover } from '../../../templates/liquid-source.ts'

/** An address that is there whatever is filled in. */
export const isFixed = (address: string): boolean => !address.includes('{') && address !== ''

/** The same as it is filled in; one that is not fixed is judged. */
export const needed = (address: string): string => (isFixed(address) ? address : neededAddress(address))

/** Liquid as it stands within an attribute's quotes. */
export function attribute(liquid: string): string {
  const { text, uncover } = cover(liquid)
  return uncover(escapeHtml(text))
}
