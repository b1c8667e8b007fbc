import type { EmailTemplate } from '../template.ts'
import type { Layout, Library } from '../../../definitions/definition.ts'
import { guardAddresses } from '../../../templates/address.ts'
import { escapeHtml } from '../../../templates/escape.ts'
import { plainTextOf, textOfHtml } from '../../../templates/html-text.ts'
import { cover } from '../../../templates/liquid-source.ts'
import { withTableRows } from '../../../templates/table-rows.ts'
import { keepKeys } from '../../../templates/translation-keys.ts'
import { placeRendersInHtml } from '../../../templates/markdown/renders.ts'
import { compileBlock } from './blocks.ts'
import type { Address } from './compiled-block.ts'
import { inlineCss } from './css.ts'
import { isMjmlDocument, partsOf, piece, placeAfter, plainMjml, readable, withHead } from './mjml-content.ts'
import { plainLayout } from './plain-layout.ts'

/** An e-mail as two Liquid templates, made once. */
export interface CompiledEmail {
  html: string
  text: string
  /** The template's field that each comes from, for errors. */
  field: string
  textField: string
  /** Of buttons: they must be safe to open, or the message is not made. */
  addresses: Address[]
  /** Its HTML is MJML, to be compiled once it is filled in. */
  isMjml: boolean
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
  const blocks =
    'html' in body ? [] : body.visualBlocks.map((block, index) => compileBlock(block, `visual_blocks[${index}]`))
  const pieces = 'html' in body ? [body.html] : blocks.map((block) => block.html)
  const isMjml = template.isMjml === true || layout?.isMjml === true
  const framed = isMjml ? framedInMjml(pieces, layout) : framedIn(layout, pieces.join('\n'), template.subject)
  const pre = layout === null ? '' : (template.preContent ?? '')
  const whole = withPreview(pre + framed, template.previewText, isMjml)
  const covered = withTableRows(cover(whole))
  placeRendersInHtml(covered)
  keepKeys(covered)
  const done = guardAddresses({ ...covered, text: isMjml ? covered.text : inlineCss(covered.text) })
  // A mail of text alone has no HTML: a layout without it would hide it.
  const isText = 'html' in body && body.html === ''
  return {
    html: isText ? '' : done,
    text: textOf(template, layout, blocks.map((block) => block.text).join('\n\n')),
    field: 'html' in body ? 'html_body' : 'visual_blocks',
    textField: template.textBody === null ? 'visual_blocks' : 'text_body',
    addresses: blocks.flatMap((block) => block.addresses),
    isMjml,
  }
}

const framedIn = (layout: Layout | null, html: string, subject: string): string =>
  layout === null ? html : titled(layout, subject).replace(CONTENT, () => html)

/** A document stands alone where no layout is; in one, its body takes the content's place and its head joins the other. */
function framedInMjml(pieces: readonly string[], layout: Layout | null): string {
  const [first = ''] = pieces
  const isDocument = pieces.length === 1 && isMjmlDocument(first)
  if (layout === null && isDocument) return first
  const frame = layout?.html ?? plainMjml
  const place = placeAfter(frame.slice(0, CONTENT.exec(frame)?.index ?? 0))
  const { head, body } = isDocument ? partsOf(first) : { head: '', body: null }
  const content = body ?? pieces.map((text) => piece(text, place)).join('\n')
  return withHead(
    frame.replace(CONTENT, () => content),
    head,
  )
}

const PREVIEW = /\{\{-?\s*preview_text\s*-?\}\}/g
/** Behind it, so that a list of mails does not go on with the text. */
const FILLING = '&#847;&zwnj;&nbsp;'.repeat(60)

/** Where the layout shows the preview text, else hidden at the beginning of the body. */
function withPreview(html: string, preview: string | undefined, isMjml: boolean): string {
  const { text, uncover } = cover(preview ?? '')
  const shown = uncover(escapeHtml(text))
  const placed = html.replace(PREVIEW, () => shown)
  if (placed !== html) return placed
  if (preview === undefined) return html
  const hidden = `<div style="display:none;max-height:0;overflow:hidden">${shown}${FILLING}</div>`
  if (isMjml) return html.replace(/<mj-body\b[^<>]*>/i, (body) => `${body}<mj-raw>${hidden}</mj-raw>`)
  return /<body\b[^<>]*>/i.test(html) ? html.replace(/<body\b[^<>]*>/i, (body) => body + hidden) : hidden + html
}

/** The plain layout has the subject for its title. */
function titled(layout: Layout, subject: string): string {
  if (layout !== plainLayout) return layout.html
  const { text, uncover } = cover(subject)
  return layout.html.replace('<title></title>', () => `<title>${uncover(escapeHtml(text))}</title>`)
}

/** The layout that the template names; where it is not there, or where blocks name none, a plain one, but of MJML. */
function layoutOf({ layoutKey, body, isMjml }: EmailTemplate, library: Library | undefined): Layout | null {
  const key = layoutKey ?? null
  if (key !== null && library?.layouts !== undefined && Object.hasOwn(library.layouts, key))
    return library.layouts[key]!
  // An HTML body without a layout is a document of its own.
  return isMjml === true || (key === null && 'html' in body) ? null : plainLayout
}

function textOf({ textBody, body, isMjml, preContent }: EmailTemplate, layout: Layout | null, blocks: string): string {
  let content = textBody
  if (content === null && 'html' in body) {
    const covered = withTableRows(cover(body.html))
    content = plainTextOf(isMjml === true ? { ...covered, text: readable(covered.text) } : covered)
  }
  content ??= blocks
  if (layout === null) return content
  const pre = cover(preContent ?? '')
  const framed = layout.text ? layout.text.replace(CONTENT, () => content) : content
  return pre.uncover(textOfHtml(pre.text)) + framed
}
