import type { Token } from 'markdown-it'

/** Something that puts a mark before its first line, and `rest` before the lines after it: a quote, or an item of a list. */
interface Level {
  mark: string
  rest: string
}

/** Markdown's tokens as plain text: links keep their address, lists their marks, quotes a `> `; emphasis goes. */
export function markdownText(tokens: Token[]): string {
  let text = ''
  /** The next block follows without a blank line: an item of a list without blank lines, or a table's row, but the first. */
  let tight = false
  let fresh = false
  let cells: string[] | null = null
  const levels: Level[] = []
  /** The next number of each open list; null without numbers. */
  const lists: (number | null)[] = []

  function add(block: string): void {
    const first = levels.map(({ mark }) => mark).join('')
    for (const level of levels) level.mark = level.rest
    const rest = levels.map((level) => level.rest).join('')
    if (text !== '') text += tight ? '\n' : '\n\n'
    text += first + block.replaceAll('\n', `\n${rest}`)
    tight = false
    fresh = false
  }

  for (const token of tokens) {
    switch (token.type) {
      case 'bullet_list_open':
      case 'ordered_list_open':
        fresh ||= lists.length === 0
        lists.push(token.type === 'bullet_list_open' ? null : Number(token.attrGet('start') ?? 1))
        break
      case 'bullet_list_close':
      case 'ordered_list_close':
        lists.pop()
        break
      case 'list_item_open': {
        const number = lists.pop() ?? null
        const mark = number === null ? '- ' : `${number}. `
        lists.push(number === null ? null : number + 1)
        levels.push({ mark, rest: ' '.repeat(mark.length) })
        break
      }
      case 'blockquote_open':
        levels.push({ mark: '> ', rest: '> ' })
        break
      case 'list_item_close':
      case 'blockquote_close':
        levels.pop()
        break
      case 'table_open':
        fresh = true
        break
      case 'tr_open':
        cells = []
        tight = !fresh
        break
      case 'tr_close':
        add(cells?.join(' | ') ?? '')
        cells = null
        break
      case 'paragraph_open':
        tight = token.hidden && !fresh
        break
      case 'inline':
        if (cells === null) add(inlineText(token.children ?? []))
        else cells.push(inlineText(token.children ?? []))
        break
      case 'fence':
      case 'code_block':
        add(token.content.trimEnd())
        break
      case 'liquid':
        add(token.content)
        break
      case 'html_block':
        add(withoutTags(token.content).trim())
        break
      case 'hr':
        add('---')
        break
    }
  }
  return text
}

function inlineText(tokens: Token[]): string {
  let text = ''
  let link: { address: string; start: number } | null = null
  for (const token of tokens) {
    if (token.type === 'softbreak' || token.type === 'hardbreak') text += '\n'
    else if (token.type === 'link_open') link = { address: token.attrGet('href') ?? '', start: text.length }
    else if (token.type === 'link_close' && link !== null) {
      const label = text.slice(link.start)
      if (label !== link.address && `mailto:${label}` !== link.address) text += ` (${link.address})`
      link = null
    } else if (token.type !== 'html_inline') text += token.content
  }
  return text
}

function withoutTags(html: string): string {
  return html.replace(/<[^<>]*>/g, '')
}
