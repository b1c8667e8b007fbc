import Token from 'markdown-it/lib/token.mjs'
import { unescapeHtml } from './escape.ts'
import { linked } from './html-text.ts'
import { isSilent } from './markdown/groups.ts'
import { asRows, columnsOf, isRender, tagOf, type RenderPlace } from './markdown/renders.ts'

/** Something that puts a mark before its first line, and `rest` before the lines after it: a quote, or an item of a list. */
interface Level {
  mark: string
  rest: string
}

/** Markdown's tokens as plain text: links keep their address, lists their marks, quotes a `> `; emphasis goes. */
export function markdownText(tokens: Token[], tags: ReadonlyMap<number, string>): string {
  let text = ''
  /** The next block follows without a blank line: an item of a list without blank lines, or a table's row, but the first. */
  let tight = false
  let fresh = false
  let row: Row | null = null
  /** The next block is the first of what is captured. */
  let isCaptured = false
  const levels: Level[] = []
  /** The mark of the next item of each open list. */
  const lists: (() => string)[] = []
  let counters = 0

  function add(block: string): void {
    const first = levels.map(({ mark }) => mark).join('')
    for (const level of levels) level.mark = level.rest
    const rest = levels.map((level) => level.rest).join('')
    if (text !== '' && !isCaptured) text += tight ? '\n' : '\n\n'
    isCaptured = false
    text += first + block.replaceAll('\n', `\n${rest}`)
    tight = false
    fresh = false
  }

  /** A tag stands between blocks, which bring the breaks before them; a dash in it would take those away. */
  function addTag(number: number, place?: RenderPlace): void {
    const source = (tags.get(number) ?? '').replace(/^\{%-/, '{%').replace(/-%\}$/, '%}')
    if (row === null && isRender(source)) {
      addPartial(source, place)
      return
    }
    if (row !== null) {
      row.isLooped ||= row.cells === 0
      row.text += source
      return
    }
    // What the tag repeats follows its own like; before the first of them is an empty line.
    if (fresh && text !== '') text += '\n'
    if (!isSilent(source)) fresh = false
    isCaptured = /^\{%-?\s*capture\b/.test(source)
    text += source
  }

  for (const [index, token] of tokens.entries()) {
    switch (token.type) {
      case 'bullet_list_open':
      case 'ordered_list_open':
        fresh ||= lists.length === 0
        lists.push(marksOf(token, index))
        break
      case 'bullet_list_close':
      case 'ordered_list_close':
        lists.pop()
        break
      case 'list_item_open': {
        const mark = lists.at(-1)?.() ?? ''
        levels.push({ mark, rest: ' '.repeat(mark.includes('{') ? 3 : mark.length) })
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
        row = { text: '', cells: 0, isLooped: false }
        tight = !fresh
        break
      case 'tr_close':
        add(row?.text ?? '')
        row = null
        break
      case 'paragraph_open':
        tight = token.hidden && !fresh
        break
      case 'inline':
        if (row === null) add(inlineText(token.children ?? []))
        else addCell(row, inlineText(token.children ?? []))
        break
      case 'fence':
      case 'code_block':
        add(token.content.trimEnd())
        break
      case 'liquid':
        if (columnsOf(token) === undefined) addTag(tagOf(token), (token.meta as { place?: RenderPlace } | null)?.place)
        else text += `${text === '' ? '' : '\n'}${asRows(tags.get(tagOf(token)) ?? '', columnsOf(token)!)}`
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

  /** What a partial shows is a block; its lines stand as deep as its first. */
  function addPartial(source: string, place: RenderPlace | undefined): void {
    if (place === 'inline') {
      text += `${text === '' ? '' : ' '}${source}`
      return
    }
    tight = place === 'item' && levels.length > 0 && !fresh
    const rest = levels.map((level) => level.rest).join('')
    add(rest === '' ? source : `{% indented ${JSON.stringify(rest)} %}${source}{% endindented %}`)
  }

  /** Numbers go on; where tags stand between items, they are counted as the text is filled. */
  function marksOf({ type, attrs }: Token, at: number): () => string {
    if (type === 'bullet_list_open') return () => '- '
    let next = Number(attrs?.find(([name]) => name === 'start')?.[1] ?? 1)
    if (!hasTags(at)) return () => `${next++}. `
    const counter = `belay_list_${++counters}`
    text += `{% assign ${counter} = ${next - 1} %}`
    return () => `{% assign ${counter} = ${counter} | plus: 1 %}{{ ${counter} }}. `
  }

  /** Of the list that begins here, between its items. */
  function hasTags(at: number): boolean {
    let depth = 0
    for (let index = at; index < tokens.length; index++) {
      const { nesting, type } = tokens[index]!
      depth += nesting
      if (depth === 0) return false
      if (depth === 1 && type === 'liquid') return true
    }
    return false
  }
}

interface Row {
  text: string
  cells: number
  /** A tag stands before the first cell, which may be repeated: each brings a bar behind it. */
  isLooped: boolean
}

function addCell(row: Row, cell: string): void {
  row.text += row.isLooped ? `${cell} | ` : `${row.cells > 0 ? ' | ' : ''}${cell}`
  row.cells++
}

function inlineText(tokens: Token[]): string {
  let text = ''
  let link = null as { address: string; start: number } | null
  for (const token of tokens) {
    if (token.type === 'softbreak' || token.type === 'hardbreak') text += '\n'
    else if (token.type === 'link_open') link = { address: token.attrGet('href') ?? '', start: text.length }
    else if (token.type === 'link_close') close()
    else if (token.type !== 'html_inline') text += token.content
    else if (/^<\/a\s*>/i.test(token.content)) close()
    else {
      const address = hrefIn(token.content)
      if (address !== null) link = { address, start: text.length }
    }
  }
  return text

  function close(): void {
    if (link === null) return
    const label = text.slice(link.start)
    if (link.address !== '' && label !== link.address && `mailto:${label}` !== link.address)
      text += linked(link.address)
    link = null
  }
}

/** The address of a link, of its tag as the author wrote it in HTML; null: it is none. */
function hrefIn(tag: string): string | null {
  const quoted = /^<a\s(?:[^<>]*\s)?href\s*=\s*("[^"]*"|'[^']*')/i.exec(tag)?.[1]
  return quoted === undefined ? null : unescapeHtml(quoted.slice(1, -1))
}

/** HTML of the author's own without its tags; links keep their address. */
function withoutTags(html: string): string {
  const pieces = html.split(/(<[^<>]*>)/).map((content, index) => {
    return Object.assign(new Token(index % 2 === 0 ? 'text' : 'html_inline', '', 0), { content })
  })
  return inlineText(pieces)
}
