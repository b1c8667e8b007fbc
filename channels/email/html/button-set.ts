import { addressed } from '../../../templates/address.ts'
import type { ButtonLook, EmailButton, VisualBlock } from '../visual-block.ts'
import { boxed, TABLE } from './boxed.ts'
import type { CompiledBlock } from './compiled-block.ts'
import { attribute, isFixed, needed } from './in-attribute.ts'

/** A button without an address is left out. */
export function buttonSet(block: Extract<VisualBlock, { type: 'button_set' }>, at: string): CompiledBlock {
  const { buttons, gap = 8, edges } = block
  const space = `<td width="${gap}" style="width:${gap}px"></td>`
  const cells = buttons.map((each, index) => where(each, index, `${index === 0 ? '' : space}${button(each)}`))
  const lines = buttons.map((each, index) => where(each, index, `${each.label}: ${needed(each.action)}\n`))
  const full = buttons.some(({ look }) => look?.fullWidth === true) ? ' width="100%"' : ''
  return {
    html: boxed(`${TABLE}${full}><tr>${cells.join('')}</tr></table>`, edges),
    text: lines.join('').trimEnd(),
    addresses: buttons.map(({ action }, index) => ({ field: `${at}.buttons[${index}].action`, address: action })),
  }

  function where({ label, action }: EmailButton, index: number, piece: string): string {
    return isFixed(action) ? piece : addressed(piece, `the button ${label} (${at}.buttons[${index}])`, action)
  }
}

const SIZES = { sm: ['8px 14px', '14px'], md: ['10px 18px', '15px'], lg: ['14px 24px', '17px'] } as const

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
  const [padding, size] = SIZES[look.size]
  const block = look.fullWidth ? 'display:block;text-align:center' : 'display:inline-block'
  return (
    `<td class="${look.variant}" bgcolor="${back}" align="center" style="${border}border-radius:${look.radius}px;background-color:${back}">` +
    `<a class="button${outline ? ' outline' : ''}" href="${attribute(needed(action))}" target="_blank" style="${block};padding:${padding};font-size:${size};font-weight:600;color:${color};text-decoration:none">${attribute(label)}</a></td>`
  )
}

/** A colour by name is the branding's. */
function colorOf(color: string): string {
  return /^[a-z_]+_color(?:_contrast)?$/.test(color) ? `{{ vars.branding.${color} }}` : color
}
