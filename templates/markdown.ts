import MarkdownIt, { type Token } from 'markdown-it'
import { cover, isTagLine, ONE_PLACE, plainOf, TAGS, type Covered } from './liquid-source.ts'
import { balanced } from './markdown/balance.ts'
import { placeBlocks } from './markdown/blocks-of-values.ts'
import { withCapturesInRows } from './markdown/captures-in-rows.ts'
import { placeCaptures } from './markdown/captures.ts'
import { groupsOf, type Groups } from './markdown/groups.ts'
import { ownLines } from './markdown/lines.ts'
import { inlined, isOneParagraph, placeRenders, type RenderPlace } from './markdown/renders.ts'
import { merged } from './markdown/merge.ts'
import { pushTag, table } from './markdown/table.ts'
import { tokensOf, treeOf } from './markdown/tree.ts'
import { markdownText } from './markdown-text.ts'
import { guardAddresses } from './address.ts'
import { withTableRows } from './table-rows.ts'
import { keepKeys } from './translation-keys.ts'

/** Markdown as Liquid templates: of its HTML, and of its plain text. Both are filled with values afterwards. */
export interface CompiledMarkdown {
  html: string
  text: string
  /** Tags that stood where they could mean nothing, such as in one cell while their end is behind the table. */
  moved: { tag: string; line: number }[]
}

/** The author's own HTML counts. Values are filled in later, escaped, and so make no markup of any kind. */
const markdown = new MarkdownIt({ html: true })
/** For Markdown that comes from values. */
const untrusted = new MarkdownIt({ html: false })

const validate = markdown.validateLink.bind(markdown)
const normalize = markdown.normalizeLink.bind(markdown)
const places = /[\ufdd0\ufdd1]\d+\ufdd2/g

// A target with Liquid in it is judged when it is filled (address.ts).
markdown.validateLink = (address) => validate(address.replace(places, 'x'))
markdown.normalizeLink = (address) => (ONE_PLACE.test(address) ? address : normalize(address))

/** What rules of markdown-it see of the text that they parse. */
interface Env {
  groups: Groups
  tags: ReadonlyMap<number, string>
  inline: ReadonlySet<number>
}

// A line of tags alone is a block, and ends the paragraph before it, unless what they go around is within it.
markdown.block.ruler.before(
  'table',
  'liquid',
  (state, line, _end, silent) => {
    const text = state.src.slice(state.bMarks[line]! + state.tShift[line]!, state.eMarks[line])
    if (!isTagLine(text)) return false
    const numbers = Array.from(text.matchAll(TAGS), ([, digits]) => Number(digits))
    const { inline } = state.env as Env
    if (numbers.every((number) => inline.has(number))) return false
    if (silent) return true
    state.line = line + 1
    for (const number of numbers) pushTag(state, number, line)
    return true
  },
  { alt: ['paragraph', 'reference', 'blockquote', 'list', 'table'] },
)
markdown.block.ruler.at('table', table, { alt: ['paragraph', 'reference'] })
markdown.renderer.rules['liquid'] = (tokens, index) => `${tokens[index]!.content}\n`
markdown.renderer.rules['liquid_inline'] = (tokens, index) => tokens[index]!.content
for (const kind of ['bullet_list', 'ordered_list']) {
  markdown.renderer.rules[`${kind}_open`] = (tokens, index, options, _env, self) =>
    (mayBeEmpty(tokens, index) ? '{% nonempty %}' : '') + self.renderToken(tokens, index, options)
  markdown.renderer.rules[`${kind}_close`] = (tokens, index, options, _env, self) =>
    self.renderToken(tokens, index, options) + (mayBeEmpty(tokens, index) ? '{% endnonempty %}\n' : '')
}

function mayBeEmpty(tokens: Token[], index: number): boolean {
  return (tokens[index]!.meta as { mayBeEmpty?: boolean } | null)?.mayBeEmpty === true
}

/**
 * Compiles Markdown with Liquid in it once; values never count as Markdown, and elements nest whatever tags decide. Of a
 * partial, `place` is where it is rendered.
 */
export function compileMarkdown(source: string, place: RenderPlace = 'block'): CompiledMarkdown {
  const covered = cover(source)
  const groups = groupsOf(covered.tags)
  keepKeys(covered, groups)
  const { text, inline } = ownLines(withCapturesInRows(covered.text, groups), covered.tags, groups)
  const tree = treeOf(markdown.parse(text, { groups, inline, tags: covered.tags } satisfies Env))
  const moved = new Set<number>()
  const nested = balanced(tree, groups, (tag) => moved.add(tag))
  const blocks = tokensOf(merged(nested, groups, covered.tags))
  const isPhrase = place === 'inline' || (place === 'item' && isOneParagraph(blocks, covered.tags))
  placeRenders(blocks, covered, isPhrase ? place : 'block')
  const tokens = isPhrase ? inlined(blocks, covered.tags) : blocks
  const bare = [...placeBlocks(tokens, covered.pieces), ...placeCaptures(tokens, groups, covered)]
  const plain = markdownText(tokens, plainTags(covered))
  for (const paragraph of bare) paragraph.hidden = true
  const html = markdown.renderer.render(tokens, markdown.options, {}).trim()
  return {
    html: guardAddresses(withTableRows({ ...covered, text: html })),
    text: covered.uncoverPlain(plain),
    moved: [...moved].map((number) => ({
      tag: covered.tags.get(number) ?? '',
      line: covered.uncover(covered.text.split(`\ufdd1${number}\ufdd2`)[0]!).split('\n').length,
    })),
  }
}

/** Tags as they stand in a plain text. Those that render partials say nothing of their place yet. */
function plainTags({ tags, pieces }: Covered): ReadonlyMap<number, string> {
  return new Map(Array.from(tags, ([number, tag]) => [number, isTranslation(tag) ? pieces[number]! : plainOf(tag)]))
}

const isTranslation = (tag: string) => /^\{%-?\s*t\b/.test(tag)

/** HTML of Markdown that a value holds; its HTML is shown as text. */
export function untrustedMarkdown(source: string): string {
  return untrusted.render(source).trim()
}

/** The same for the middle of a sentence: no blocks. */
export function untrustedPhrase(source: string): string {
  return untrusted.renderInline(source).trim()
}

/** What is odd about Markdown with Liquid in it, with the line of the text. */
export function oddInMarkdown(source: string): string[] {
  return compileMarkdown(source).moved.map(
    ({ tag, line }) =>
      `line ${line} of the text: ${tag} stands in a table or an address, and the rest of it elsewhere: it is moved out; put all of it within, or all outside`,
  )
}
