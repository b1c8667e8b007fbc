import { addressed, judgedAddress, whereAddressed } from '../../../templates/address.ts'
import type { VisualBlock } from '../visual-block.ts'
import { boxed } from './boxed.ts'
import type { CompiledBlock } from './compiled-block.ts'
import { attribute, isFixed, needed } from './in-attribute.ts'

/** Without an address it is left out; without one for its link, the link. */
export function image(block: Extract<VisualBlock, { type: 'image' }>, at: string): CompiledBlock {
  const { url, alt, action, width, edges } = block
  const style = `display:inline-block;max-width:100%;border:0${width === null ? '' : `;width:${width}`}`
  const picture = `<img src="${attribute(needed(url))}" alt="${attribute(alt)}" style="${style}">`
  const [open, close, target] = linkTo(action)
  const html = boxed(open + picture + close, edges)
  const text = `${judgedAddress(url)}${alt}${target}`
  const addresses = action === null ? [] : [{ field: `${at}.action`, address: action }]
  if (isFixed(url)) return { html, text: alt + target, addresses }
  const without = (piece: string) => addressed(piece, `the image ${at}`, url)
  return { html: without(html), text: without(text), addresses }
}

/** The tags of a link, and its address in plain text. */
function linkTo(action: string | null): [open: string, close: string, text: string] {
  if (action === null) return ['', '', '']
  const parts = [`<a href="${attribute(needed(action))}" target="_blank">`, '</a>', ` (${needed(action)})`] as const
  if (isFixed(action)) return [...parts]
  const [open, close, text] = parts
  return [whereAddressed(open), whereAddressed(judgedAddress(action) + close), whereAddressed(text)]
}
