import type { EmailTemplate, Layout, Library } from '../../definitions/definition.ts'
import { guardAddresses } from '../address.ts'
import { escapeHtml } from '../escape.ts'
import { cover } from '../liquid-source.ts'
import { compileBlock, type Address } from './blocks.ts'
import { inlineCss } from './css.ts'
import { plainLayout } from './plain-layout.ts'
import { textOfHtml } from './text.ts'

/** An e-mail as two Liquid templates, made once. */
export interface CompiledEmail {
  html: string
  text: string
  /** The template's field that each comes from, for errors. */
  field: string
  textField: string
  /** Of buttons: they must be safe to open, or the message is not made. */
  addresses: Address[]
}

const CONTENT = /\{\{-?\s*content\s*-?\}\}/
const compiled = new WeakMap<EmailTemplate, CompiledEmail>()

/** The library is the one of the template's definition. */
export function compileEmail(template: EmailTemplate, library: Library | undefined): CompiledEmail {
  const known = compiled.get(template)
  if (known !== undefined) return known
  const made = compile(template, library)
  compiled.set(template, made)
  return made
}

function compile(template: EmailTemplate, library: Library | undefined): CompiledEmail {
  const layout = layoutOf(template, library)
  const { body } = template
  const blocks = 'html' in body ? [] : body.visualBlocks.map(compileBlock)
  const html = 'html' in body ? body.html : blocks.map((block) => block.html).join('\n')
  const pre = template.preContent ?? ''
  const framed = layout === null ? html : pre + titled(layout, template.subject).replace(CONTENT, () => html)
  const whole = withPreview(framed, template.previewText)
  const covered = cover(whole)
  const done = covered.uncover(guardAddresses(inlineCss(covered.text)))
  return {
    html: done,
    text: textOf(template, layout, blocks.map((block) => block.text).join('\n\n')),
    field: 'html' in body ? 'html_body' : 'visual_blocks',
    textField: template.textBody === null ? 'visual_blocks' : 'text_body',
    addresses: blocks.flatMap((block, index) =>
      block.addresses.map(({ field, address }) => ({ field: `visual_blocks[${index}].${field}`, address })),
    ),
  }
}

const PREVIEW = /\{\{-?\s*preview_text\s*-?\}\}/g
/** Behind it, so that a list of mails does not go on with the text. */
const FILLING = '&#847;&zwnj;&nbsp;'.repeat(60)

/** Where the layout shows the preview text, else hidden at the beginning of the body. */
function withPreview(html: string, preview: string | undefined): string {
  const { text, uncover } = cover(preview ?? '')
  const shown = uncover(escapeHtml(text))
  const placed = html.replace(PREVIEW, () => shown)
  if (placed !== html) return placed
  if (preview === undefined) return html
  const hidden = `<div style="display:none;max-height:0;overflow:hidden">${shown}${FILLING}</div>`
  return /<body\b[^<>]*>/i.test(html) ? html.replace(/<body\b[^<>]*>/i, (body) => body + hidden) : hidden + html
}

/** The plain layout has the subject for its title. */
function titled(layout: Layout, subject: string): string {
  if (layout !== plainLayout) return layout.html
  const { text, uncover } = cover(subject)
  return layout.html.replace('<title></title>', () => `<title>${uncover(escapeHtml(text))}</title>`)
}

/** The layout that the template names; where it is not there, or where blocks name none, a plain one. */
function layoutOf({ layoutKey, body }: EmailTemplate, library: Library | undefined): Layout | null {
  const key = layoutKey ?? null
  if (key !== null && library?.layouts !== undefined && Object.hasOwn(library.layouts, key))
    return library.layouts[key]!
  // An HTML body without a layout is a document of its own.
  return key === null && 'html' in body ? null : plainLayout
}

function textOf({ textBody, body }: EmailTemplate, layout: Layout | null, blocks: string): string {
  let content = textBody
  if (content === null && 'html' in body) {
    const { text, uncover } = cover(body.html)
    content = uncover(textOfHtml(text))
  }
  content ??= blocks
  return layout?.text ? layout.text.replace(CONTENT, () => content) : content
}
