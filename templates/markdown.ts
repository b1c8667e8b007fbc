import MarkdownIt, { type Token } from 'markdown-it'
import { cover, isTagLine, ONE_PLACE, type Covered } from './liquid-source.ts'
import { markdownText } from './markdown-text.ts'
import { guardAddresses } from './address.ts'

/** Markdown as Liquid templates: of its HTML, and of its plain text. Both are filled with values afterwards. */
export interface CompiledMarkdown {
  html: string
  text: string
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

// A line of tags alone is a block, and ends the paragraph before it.
markdown.block.ruler.before(
  'table',
  'liquid',
  (state, line, _end, silent) => {
    const text = state.src.slice(state.bMarks[line]! + state.tShift[line]!, state.eMarks[line])
    if (!isTagLine(text)) return false
    if (silent) return true
    state.line = line + 1
    const token = state.push('liquid', '', 0)
    token.content = text.trim()
    token.map = [line, state.line]
    return true
  },
  { alt: ['paragraph', 'reference', 'blockquote', 'list', 'table'] },
)
markdown.renderer.rules['liquid'] = (tokens, index) => `${tokens[index]!.content}\n`

/** Compiles Markdown with Liquid in it once; values never count as Markdown. */
export function compileMarkdown(source: string): CompiledMarkdown {
  const covered = cover(source)
  const tokens = loopsInLists(markdown.parse(covered.text, {}), covered)
  const html = markdown.renderer.render(tokens, markdown.options, {}).trim()
  return { html: guardAddresses({ ...covered, text: html }), text: covered.uncover(markdownText(tokens)) }
}

/** HTML of Markdown that a value holds; its HTML is shown as text. */
export function untrustedMarkdown(source: string): string {
  return untrusted.render(source).trim()
}

/** A loop around a whole list becomes a loop around its items, so that there is one list. */
function loopsInLists(tokens: Token[], { sourceOf }: Covered): Token[] {
  const result = [...tokens]
  for (let index = 0; index + 1 < result.length; index++) {
    const loop = result[index]!
    const list = result[index + 1]!
    if (loop.type !== 'liquid' || !/^\{%-?\s*for\b/.test(sourceOf(loop.content))) continue
    if (!/^(?:bullet|ordered)_list_open$/.test(list.type)) continue
    const close = list.type.replace('open', 'close')
    const end = result.findIndex((token, at) => at > index && token.type === close && token.level === list.level)
    const after = result[end + 1]
    if (end < 0 || after?.type !== 'liquid' || !/^\{%-?\s*endfor\b/.test(sourceOf(after.content))) continue
    result.splice(index, 2, list, loop)
    result.splice(end, 2, after, result[end]!)
  }
  return result
}
