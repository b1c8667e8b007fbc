import type { ButtonLook, Edges, EmailButton, VisualBlock } from '../visual-block.ts'
import { escapeHtml } from '../../../templates/escape.ts'
import { cover } from '../../../templates/liquid-source.ts'
import { compileMarkdown } from '../../../templates/markdown.ts'
import { textOfHtml } from './text.ts'

/** An address that must be safe to open; both are Liquid or a field's path within its block. */
export interface Address {
  field: string
  address: string
}

/** A visual block as Liquid: of its HTML, and of its plain text. */
export interface CompiledBlock {
  html: string
  text: string
  addresses: Address[]
}

export function compileBlock(block: VisualBlock): CompiledBlock {
  switch (block.type) {
    case 'markdown': {
      const { html, text } = compileMarkdown(block.content)
      return { html: boxed(html, block.edges), text, addresses: [] }
    }
    case 'html': {
      const { text, uncover } = cover(block.content)
      return { html: boxed(block.content, block.edges), text: uncover(textOfHtml(text)), addresses: [] }
    }
    case 'divider': {
      const line = '<hr style="border:0;border-top:1px solid #d4d4d8;margin:8px 0">'
      return { html: boxed(line, block.edges), text: '---', addresses: [] }
    }
    case 'image':
      return image(block)
    case 'button_set':
      return buttonSet(block)
    case 'partial': {
      const inputs = Object.entries(block.attrs).map(([name, text]) => ({ name: `block_${name}`, key: name, text }))
      const captures = inputs.map(({ name, text }) => `{% capture_text ${name} %}${text}{% endcapture_text %}`).join('')
      const args = inputs.map(({ name, key }) => `, ${key}: ${name}`).join('')
      const liquid = `${captures}{% render '${block.key}'${args} %}`
      // What is captured here is text, and escaped where the partial shows it.
      return { html: liquid, text: liquid, addresses: [] }
    }
    case 'row': {
      const columns = block.columns.map((column) => column.map(compileBlock))
      const width = Math.floor(100 / Math.max(1, columns.length))
      const cells = columns.map(
        (column) => `<td width="${width}%" valign="top">${column.map(({ html }) => html).join('\n')}</td>`,
      )
      return {
        html: boxed(`${TABLE} width="100%"><tr>${cells.join('')}</tr></table>`, block.edges),
        text: columns.flatMap((column) => column.map(({ text }) => text)).join('\n\n'),
        addresses: columns.flatMap((column) => column.flatMap(({ addresses }) => addresses)),
      }
    }
  }
}

const TABLE = '<table role="presentation" cellpadding="0" cellspacing="0" border="0"'

const EDGES: Edges = { top: 8, right: 4, bottom: 8, left: 4, align: null }

function boxed(html: string, { top, right, bottom, left, align } = EDGES): string {
  const aligned = align === null ? '' : ` align="${align}"`
  return `${TABLE} width="100%"><tr><td${aligned} style="padding:${top}px ${right}px ${bottom}px ${left}px">${html}</td></tr></table>`
}

function image({ url, alt, action, width, edges }: Extract<VisualBlock, { type: 'image' }>): CompiledBlock {
  const { text: source, uncover } = cover(`${url}\u0001${alt}\u0001${action ?? ''}`)
  const [src, label, href] = source.split('\u0001').map(escapeHtml)
  const picture = `<img src="${src}" alt="${label}" style="display:inline-block;max-width:100%;border:0${width === null ? '' : `;width:${width}`}">`
  const html = href === '' ? picture : `<a href="${href}" target="_blank">${picture}</a>`
  const addresses = action === null ? [] : [{ field: 'action', address: action }]
  return { html: boxed(uncover(html), edges), text: action === null ? alt : `${alt} (${opened(action)})`, addresses }
}

/** An address in plain text: as it is opened, so that a blank in a value does not end it. */
function opened(action: string): string {
  return action.includes('{') ? `{% address %}${action}{% endaddress %}` : action
}

function buttonSet({ buttons, gap = 8, edges }: Extract<VisualBlock, { type: 'button_set' }>): CompiledBlock {
  const cells = buttons.map(button)
  const row = cells.join(`<td width="${gap}" style="width:${gap}px"></td>`)
  const full = buttons.some(({ look }) => look?.fullWidth === true) ? ' width="100%"' : ''
  return {
    html: boxed(`${TABLE}${full}><tr>${row}</tr></table>`, edges),
    text: buttons.map(({ label, action }) => `${label}: ${opened(action)}`).join('\n'),
    addresses: buttons.map(({ action }, index) => ({ field: `buttons[${index}].action`, address: action })),
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
  const { text, uncover } = cover(`${action}\u0001${label}`)
  const [href, shown] = text.split('\u0001').map(escapeHtml)
  return uncover(
    `<td class="${look.variant}" bgcolor="${back}" align="center" style="${border}border-radius:${look.radius}px;background-color:${back}">` +
      `<a class="button${outline ? ' outline' : ''}" href="${href}" target="_blank" style="${block};padding:${padding};font-size:${size};font-weight:600;color:${color};text-decoration:none">${shown}</a></td>`,
  )
}

/** A colour by name is the branding's. */
function colorOf(color: string): string {
  return /^[a-z_]+_color(?:_contrast)?$/.test(color) ? `{{ vars.branding.${color} }}` : color
}
