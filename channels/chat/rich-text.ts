import MarkdownIt from 'markdown-it'
import type { Token } from 'markdown-it'

const markdown = new MarkdownIt({ html: false })

export type Style = Partial<Record<'bold' | 'italic' | 'strike' | 'code', true>>
export type Inline =
  { type: 'text'; text: string; style?: Style } | { type: 'link'; url: string; text: string; style?: Style }
export type Block =
  | { type: 'rich_text_section' | 'rich_text_quote' | 'rich_text_preformatted'; elements: Inline[] }
  | { type: 'rich_text_list'; style: 'bullet' | 'ordered'; indent: number; elements: Block[] }

/**
 * Markdown as a rich_text block (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block). Text stands in it as
 * text: unlike in mrkdwn, nothing that a value holds can be markup, a mention or a link.
 */
export function richText(source: string): { type: 'rich_text'; elements: Block[] } {
  const elements: Block[] = []
  const lists: ('bullet' | 'ordered')[] = []
  let quoted = 0
  let heading = false
  for (const token of markdown.parse(source, {})) {
    switch (token.type) {
      case 'bullet_list_open':
      case 'ordered_list_open':
        lists.push(token.type === 'bullet_list_open' ? 'bullet' : 'ordered')
        break
      case 'bullet_list_close':
      case 'ordered_list_close':
        lists.pop()
        break
      case 'blockquote_open':
        quoted += 1
        break
      case 'blockquote_close':
        quoted -= 1
        break
      case 'heading_open':
      case 'heading_close':
        heading = token.nesting === 1
        break
      case 'inline':
        add(inlineOf(token.children ?? [], heading ? { bold: true } : {}))
        break
      case 'fence':
      case 'code_block':
        elements.push({ type: 'rich_text_preformatted', elements: [{ type: 'text', text: token.content.trimEnd() }] })
        break
    }
  }
  return { type: 'rich_text', elements }

  function add(inline: Inline[]): void {
    if (inline.length === 0) return
    const style = lists.at(-1)
    if (style === undefined) {
      const type = quoted > 0 ? 'rich_text_quote' : 'rich_text_section'
      // Sections follow each other without a line between them.
      const before = elements.at(-1)
      if (type === 'rich_text_section' && before?.type === type)
        before.elements.push({ type: 'text', text: '\n\n' }, ...inline)
      else elements.push({ type, elements: inline })
      return
    }
    const indent = lists.length - 1
    const item: Block = { type: 'rich_text_section', elements: inline }
    const last = elements.at(-1)
    if (last?.type === 'rich_text_list' && last.indent === indent && last.style === style) last.elements.push(item)
    else elements.push({ type: 'rich_text_list', style, indent, elements: [item] })
  }
}

const STYLES: Record<string, keyof Style> = { strong: 'bold', em: 'italic', s: 'strike' }

function inlineOf(tokens: readonly Token[], outer: Style): Inline[] {
  const found: Inline[] = []
  let style: Style = { ...outer }
  let url: string | null = null
  const push = (text: string, more: Style = {}): void => {
    if (text === '') return
    const all = { ...style, ...more }
    const styled = Object.keys(all).length === 0 ? {} : { style: all }
    found.push(url === null ? { type: 'text', text, ...styled } : { type: 'link', url, text, ...styled })
  }
  for (const token of tokens) {
    const marked = STYLES[token.type.replace(/_(open|close)$/, '')]
    if (marked !== undefined && token.nesting === 1) style[marked] = true
    else if (marked !== undefined) style = without(style, marked)
    // Slack refuses a link without an address.
    else if (token.type === 'link_open') url = token.attrGet('href') || null
    else if (token.type === 'link_close') url = null
    else if (token.type === 'softbreak' || token.type === 'hardbreak') push('\n')
    else if (token.type === 'code_inline') push(token.content, { code: true })
    else if (token.type === 'image') push(textOf(token.children ?? []))
    else push(token.content)
  }
  return found
}

const textOf = (tokens: readonly Token[]): string =>
  inlineOf(tokens, {})
    .map(({ text }) => text)
    .join('')

function without(style: Style, marked: keyof Style): Style {
  return Object.fromEntries(Object.entries(style).filter(([name]) => name !== marked))
}

/** Markdown's text alone, for where only plain text can stand. */
export function plainText(source: string): string {
  const lines = markdown.parse(source, {}).flatMap(({ type, content, children }) => {
    if (type === 'fence' || type === 'code_block') return [content.trimEnd()]
    return type === 'inline' ? [textOf(children ?? [])] : []
  })
  return lines.join('\n')
}
