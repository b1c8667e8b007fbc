import { cover } from '../../../templates/liquid-source.ts'
import { endingTags, tagsIn } from './mjml-tags.ts'

/** What a piece of a mail must stand in: the body, a section, a column, or a component that holds HTML. */
const levels = ['body', 'section', 'column', 'html'] as const
type Level = (typeof levels)[number]

/** From one level to the next. */
const around: Record<Exclude<Level, 'html'>, [opening: string, closing: string]> = {
  body: ['<mj-section padding="0">', '</mj-section>'],
  section: ['<mj-column>', '</mj-column>'],
  column: ['<mj-text>', '</mj-text>'],
}

const inside: Readonly<Record<string, Level>> = {
  'mj-body': 'body',
  'mj-wrapper': 'body',
  'mj-section': 'section',
  'mj-group': 'section',
  'mj-column': 'column',
  'mj-hero': 'column',
}
const standsIn: Readonly<Record<string, Level>> = {
  'mj-section': 'body',
  'mj-wrapper': 'body',
  'mj-hero': 'body',
  'mj-raw': 'body',
  'mj-column': 'section',
  'mj-group': 'section',
}

/** MJML around whatever has none of its own. */
export const plainMjml = '<mjml><mj-body>{{ content }}</mj-body></mjml>'

/** Whether a text has components of MJML. */
export const hasMjml = (text: string): boolean => /<mj(?:ml|-[a-z])/i.test(text)

/** Whether it is a whole document of MJML. */
export const isMjmlDocument = (text: string): boolean => /<mjml[\s>]/i.test(text)

/** A piece of a mail as it may stand where the content of a layout does: HTML, or components of any level. */
export function piece(text: string, place: Level): string {
  const [from, to] = [levels.indexOf(place), levels.indexOf(levelOf(text))]
  const outer = levels.slice(from, Math.max(from, to)).map((level) => around[level as keyof typeof around])
  return `${outer.map(([opening]) => opening).join('')}${text}${outer
    .map(([, closing]) => closing)
    .reverse()
    .join('')}`
}

function levelOf(text: string): Level {
  for (const { name } of tagsIn(cover(text).text)) if (name.startsWith('mj-')) return standsIn[name] ?? 'column'
  return 'html'
}

/** Where a layout has its content: what is innermost of what is open in the text before it. */
export function placeAfter(before: string): Level {
  const open: string[] = []
  for (const { name, kind } of tagsIn(cover(before).text)) {
    if (!(name in inside) && !endingTags.has(name)) continue
    if (kind === 'opening') open.push(name)
    else if (kind === 'closing') open.length = Math.max(0, open.lastIndexOf(name))
  }
  const last = open.at(-1)
  if (last === undefined) return 'body'
  return inside[last] ?? 'html'
}

/** The head and the body of a document of MJML, without the tags around them; of a part of one, all of it is body. */
export function partsOf(document: string): { head: string; body: string } {
  const { text, uncover } = cover(document)
  const head = between(text, 'mj-head')
  return { head: uncover(head ?? ''), body: uncover(between(text, 'mj-body') ?? (isMjmlDocument(text) ? '' : text)) }
}

function between(text: string, name: string): string | null {
  let from: number | null = null
  for (const tag of tagsIn(text)) {
    if (tag.name !== name || tag.kind === 'whole') continue
    if (from === null) from = tag.end
    else if (tag.kind === 'closing') return text.slice(from, tag.start)
  }
  return null
}

function withoutHead(document: string): string {
  const head = between(document, 'mj-head')
  return head === null ? document : document.replace(head, '')
}

/** A document with more in its head. */
export function withHead(document: string, head: string): string {
  if (head.trim() === '') return document
  if (/<\/mj-head\s*>/i.test(document)) return document.replace(/<\/mj-head\s*>/i, (end) => head + end)
  return document.replace(/<mjml\b[^<>]*>/i, (root) => `${root}<mj-head>${head}</mj-head>`)
}

/** MJML as HTML of which a plain text is made: links and paragraphs, nothing of its head. */
export function readable(covered: string): string {
  return withoutHead(covered)
    .replace(/<(\/?)mj-(?:button|navbar-link|social-element)\b/gi, (_tag, closing: string) =>
      closing === '' ? '<div><a' : '</a></div><i',
    )
    .replace(/<(\/?)mj-[a-z-]+/gi, '<$1div')
}
