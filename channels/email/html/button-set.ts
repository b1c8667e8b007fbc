import { addressed } from '../../../templates/address.ts'
import type { ButtonLook, Edges, EmailButton, VisualBlock } from '../visual-block.ts'
import { boxed, EDGES, TABLE } from './boxed.ts'
import type { CompiledBlock } from './compiled-block.ts'
import { attribute, isFixed, needed } from './in-attribute.ts'

/** A label that may hold a word which no column of a phone has room for. */
const MAY_BE_LONG = /\{[{%]|\S{18}/

/** For Word's engine, which puts each table into a line of its own. */
const outlook = (html: string) => `<!--[if mso]>${html}<![endif]-->`

/**
 * A button without an address is left out. Buttons that do not fit beside each other stand below each other, but for those of
 * full width.
 */
export function buttonSet(block: Extract<VisualBlock, { type: 'button_set' }>, at: string): CompiledBlock {
  const { buttons, gap = 8, edges } = block
  const isFull = buttons.some(({ look }) => look?.fullWidth === true)
  const space = `<td width="${gap}" style="width:${gap}px"></td>`
  const pieces = buttons.map((each, index) => {
    const before = index === 0 ? '' : space
    return where(each, index, isFull ? `${before}${button(each)}` : apart(each, before))
  })
  const lines = buttons.map((each, index) => where(each, index, `${each.label}: ${needed(each.action)}\n`))
  return {
    html: isFull
      ? boxed(`${TABLE} width="100%"><tr>${pieces.join('')}</tr></table>`, edges)
      : boxed(`${outlook(`${TABLE}><tr>`)}${pieces.join('')}${outlook('</tr></table>')}`, above(edges)),
    text: lines.join('').trimEnd(),
    addresses: buttons.map(({ action }, index) => ({ field: `${at}.buttons[${index}].action`, address: action })),
  }

  function apart(each: EmailButton, before: string): string {
    const side = { left: [0, gap], center: [gap / 2, gap / 2], right: [gap, 0] }[edges?.align ?? 'left']
    const breaks = MAY_BE_LONG.test(each.label) ? 'word-break:break-word;' : ''
    const style = `display:inline-block;vertical-align:top;max-width:100%;${breaks}margin:0 ${side[1]}px ${gap}px ${side[0]}px`
    return `${outlook(`${before}<td>`)}${TABLE} style="${style}"><tr>${button(each)}</tr></table>${outlook('</td>')}`
  }

  /** The space below a button is a part of that below all. */
  function above(given: Edges = EDGES): Edges {
    return { ...given, bottom: Math.max(0, given.bottom - gap) }
  }

  function where({ label, action }: EmailButton, index: number, piece: string): string {
    return isFixed(action) ? piece : addressed(piece, `the button ${label} (${at}.buttons[${index}])`, action)
  }
}

/** Space above, space beside, and the size of the label. */
const SIZES = { sm: [8, 14, 14], md: [10, 18, 15], lg: [14, 24, 17] } as const

const LOOK: ButtonLook = {
  variant: 'solid',
  size: 'md',
  fullWidth: false,
  backgroundColor: null,
  textColor: null,
  borderColor: null,
  borderWidth: null,
  radius: 6,
}

/** A button's colour is its cell's too, since some clients draw none behind a link. */
function button({ label, action, look = LOOK }: EmailButton): string {
  const outline = look.variant === 'outline'
  const color = colorOf(look.textColor ?? (outline ? 'primary_color' : 'primary_color_contrast'))
  const back =
    outline && look.backgroundColor === null ? 'transparent' : colorOf(look.backgroundColor ?? 'primary_color')
  const width = look.borderWidth ?? (outline ? 1 : 0)
  const border = width === 0 ? '' : `border:${width}px solid ${colorOf(look.borderColor ?? 'primary_color')};`
  const [above, beside, size] = SIZES[look.size]
  // With a border or without, buttons of a size are of one height.
  const padding = `${Math.max(0, above - width)}px ${beside}px`
  const block = look.fullWidth ? 'display:block;text-align:center' : 'display:inline-block'
  return (
    `<td class="${look.variant}" bgcolor="${back}" align="center" style="${border}border-radius:${look.radius}px;background-color:${back}">` +
    `<a class="button${outline ? ' outline' : ''}" href="${attribute(needed(action))}" target="_blank" style="${block};padding:${padding};font-size:${size}px;font-weight:600;color:${color};text-decoration:none">${attribute(label)}</a></td>`
  )
}

/** A colour by name is the branding's. */
function colorOf(color: string): string {
  return /^[a-z_]+_color(?:_contrast)?$/.test(color) ? `{{ vars.branding.${color} }}` : color
}
