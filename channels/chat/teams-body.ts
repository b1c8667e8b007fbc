import MarkdownIt from 'markdown-it'
import { richText, type Block, type Inline } from './rich-text.ts'

const markdown = new MarkdownIt({ html: false })

/** Lines of Markdown that are one block or several. */
interface Part {
  from: number
  to: number
  hasCode: boolean
}

/**
 * The elements of an Adaptive Card that show Markdown. A TextBlock takes a part of Markdown, without code: what is within
 * would be Markdown to it (https://learn.microsoft.com/en-us/adaptive-cards/authoring-cards/text-features). Blocks with code
 * are RichTextBlocks, whose text is text.
 */
export function teamsBody(source: string): object[] {
  const parts = partsOf(source)
  const lines = source.split('\n')
  if (!parts.some(({ hasCode }) => hasCode)) return [textBlock(source)]
  return parts.flatMap(({ from, to, hasCode }) => {
    const part = lines.slice(from, to).join('\n')
    return hasCode ? richText(part).elements.flatMap((block) => linesOf(block, '')) : [textBlock(part.trimEnd())]
  })
}

const textBlock = (text: string) => ({ type: 'TextBlock', text, wrap: true })

function partsOf(source: string): Part[] {
  const parts: Part[] = []
  let part: Part | null = null
  for (const { type, level, map, children } of markdown.parse(source, {})) {
    if (level === 0 && map !== null && type !== 'inline') {
      part = { from: map[0], to: map[1], hasCode: false }
      parts.push(part)
    }
    const isCode = type === 'fence' || type === 'code_block' || children?.some((child) => child.type === 'code_inline')
    if (part !== null && isCode === true) part.hasCode = true
  }
  return parts.reduce<Part[]>((merged, each) => {
    const last = merged.at(-1)
    if (last === undefined || last.hasCode || each.hasCode) return [...merged, each]
    last.to = each.to
    return merged
  }, [])
}

/** A RichTextBlock for each line: breaks within one are not shown everywhere. */
function linesOf(block: Block, before: string): object[] {
  if (block.type === 'rich_text_list')
    return block.elements.flatMap((item, index) => {
      const mark = block.style === 'bullet' ? '• ' : `${index + 1}. `
      return linesOf(item, '\u00a0'.repeat(4 * block.indent) + mark)
    })
  const lines: Inline[][] = [[]]
  for (const inline of block.elements)
    for (const [index, text] of inline.text.split('\n').entries()) {
      if (index > 0) lines.push([])
      if (text !== '') lines.at(-1)!.push({ ...inline, text })
    }
  const isCode = block.type === 'rich_text_preformatted'
  const mark = block.type === 'rich_text_quote' ? '> ' : before
  return lines.flatMap((line, index): object[] => {
    if (line.length === 0 && !isCode) return []
    const inlines = (line.length === 0 ? [{ type: 'text' as const, text: ' ' }] : line).map((inline) =>
      run(inline, isCode),
    )
    if (index === 0 && mark !== '') inlines.unshift({ type: 'TextRun', text: mark })
    const isNext = index > 0 && (isCode || lines[index - 1]!.length > 0)
    return [{ type: 'RichTextBlock', ...(isNext && { spacing: 'None' }), inlines }]
  })
}

function run(inline: Inline, isCode: boolean): object {
  const { text, style = {} } = inline
  const isMonospace = isCode || style.code === true
  return {
    type: 'TextRun',
    // Blanks at the beginning of a line, or side by side, would go.
    text: isMonospace ? text.replace(/^ | (?= )/g, '\u00a0') : text,
    ...(style.bold === true && { weight: 'Bolder' }),
    ...(style.italic === true && { italic: true }),
    ...(style.strike === true && { strikethrough: true }),
    ...(isMonospace && { fontType: 'Monospace' }),
    ...(inline.type === 'link' && { selectAction: { type: 'Action.OpenUrl', url: inline.url } }),
  }
}
