import { convert, type DomNode, type FormatCallback } from 'html-to-text'
import { safeAddress } from './address.ts'
import { isTagLine, LONE_TAG, nonempty, ONE_PLACE, type Covered } from './liquid-source.ts'
import { keepKeys } from './translation-keys.ts'
import { placeRendersInHtml, withRendersAsText } from './markdown/renders.ts'

/** Unicode noncharacters around the address of a link. */
const LINK: [string, string] = ['\ufdd4', '\ufdd5']
const LINKED = / ?\ufdd4([^\ufdd4\ufdd5]*)\ufdd5/g

/** Cells with a block in them are a layout's. */
const BLOCKS = /^(?:table|p|div|ul|ol|h[1-6]|blockquote|hr|pre|center|section|article)$/

interface Row {
  cells: DomNode[]
  /** Not a layout's. */
  isData: boolean
  /** A tag stands between cells, which may repeat them. */
  isLooped: boolean
}
const rows = new WeakMap<DomNode, Row>()

const row: FormatCallback = (element, walk, builder) => {
  const cells = element.children.filter(({ name }) => name === 'td' || name === 'th')
  const isLooped = element.children.some(({ data }) => data?.includes('\ufdd1'))
  rows.set(element, { cells, isLooped, isData: (cells.length > 1 || isLooped) && !cells.some(holdsBlock) })
  builder.openBlock({ leadingLineBreaks: 1 })
  walk(element.children, builder)
  builder.closeBlock({ trailingLineBreaks: 1 })
}

/** A bar parts cells; where they may be repeated, each brings one behind it. */
const cell: FormatCallback = (element, walk, builder) => {
  const of = element.parent && rows.get(element.parent)
  const { cells, isData, isLooped } = of ?? { cells: [], isData: false, isLooped: false }
  if (isData && !isLooped && element !== cells[0]) builder.addInline(' | ')
  walk(element.children, builder)
  if (isData && isLooped) builder.addInline(' | ')
  if (!isData && element !== cells.at(-1)) builder.addInline(' ')
}

/** Texts have no children, though their type says so. */
const holdsBlock = (node: DomNode): boolean =>
  'children' in node && node.children.some((child) => BLOCKS.test(child.name ?? '') || holdsBlock(child))

/**
 * The plain text of covered HTML: links keep their address, headings their case, rows of tables their lines; styles and
 * scripts go. A tag that stands alone goes to the line before it, so that what it repeats is not parted by more than its own
 * breaks.
 */
export function textOfHtml(html: string): string {
  return withTagsBehind(converted(html)).replace(LINKED, (_link, address: string) => linked(address))
}

/** The plain text of covered HTML, uncovered: what a partial shows is text, and not a tag around text. */
export function plainTextOf(covered: Covered): string {
  placeRendersInHtml(covered)
  keepKeys(covered)
  return covered.uncoverPlain(textOfHtml(withRendersAsText(covered)))
}

/** The plain text of HTML that a value holds; what is nested more than 100 deep goes. */
export function textOfHtmlValue(html: string): string {
  const text = converted(html.replace(/[\ufdd0-\ufdd5]/g, '\ufffd'), { maxDepth: 100 })
  return text.replace(LINKED, (_link, address: string) => linked(address))
}

function converted(html: string, limits: { maxDepth?: number } = {}): string {
  return convert(html, {
    wordwrap: false,
    limits,
    formatters: { row, cell },
    selectors: [
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true, linkBrackets: LINK } },
      { selector: 'img', format: 'skip' },
      { selector: 'hr', format: 'block', options: { leadingLineBreaks: 1 } },
      { selector: 'tr', format: 'row' },
      { selector: 'td', format: 'cell' },
      { selector: 'th', format: 'cell' },
    ],
  })
}

function withTagsBehind(text: string): string {
  const lines: string[] = []
  for (const line of text.split('\n')) {
    if (!isTagLine(line)) {
      lines.push(line)
      continue
    }
    while (lines.at(-1)?.trim() === '') lines.pop()
    lines.push((lines.pop() ?? '') + line.trim().replaceAll('\ufdd1', LONE_TAG))
  }
  return lines.join('\n')
}

/**
 * An address behind its link's text; where it comes out empty, or would run code, it goes with its brackets. With Liquid in it,
 * that is judged once it is filled.
 */
export function linked(address: string): string {
  if (ONE_PLACE.test(address)) return nonempty(` ({% address %}${address}{% endaddress %})`)
  const safe = safeAddress(address)
  return safe ? ` (${safe})` : ''
}
