import Token from 'markdown-it/lib/token.mjs'
import { TAGS, type Covered } from '../liquid-source.ts'

/**
 * Where a partial is rendered: as blocks of its own; in what may hold blocks and shows one paragraph without its element,
 * such as an item of a list without blank lines or a cell (`item`); or within text (`inline`).
 */
export type RenderPlace = 'block' | 'item' | 'inline'

const RENDER = /^\{%-?\s*render\b/

/** Whether a tag of this source renders a partial. */
export const isRender = (source: string | undefined): boolean => source !== undefined && RENDER.test(source)

/** The source of a tag that renders a partial as rows of a table with so many columns. */
export function asRows(source: string, columns: number): string {
  const inputs = source.slice(0, source.endsWith('-%}') ? -3 : -2).trimEnd()
  return `${inputs.replace(RENDER, '$&_row')}${inputs.endsWith(',') ? '' : ','} ${COLUMNS}: ${columns} %}`
}

/** The input by which a partial hears of the columns. */
export const COLUMNS = 'belay_columns'

/** The columns of the table, of a token whose partial is rows. */
export const columnsOf = ({ meta }: Token): number | undefined => (meta as { columns?: number } | null)?.columns

/** Says in the source of a tag that renders a partial where it stands. */
function placeRender({ pieces }: Pick<Covered, 'pieces'>, number: number, place: RenderPlace): void {
  if (place !== 'block') pieces[number] = pieces[number]!.replace(RENDER, `$&_${place}`)
}

const NUMBER = /\d+/

/** The number of the tag that a token stands for. */
export const tagOf = ({ content }: Token): number => Number(NUMBER.exec(content)?.[0] ?? -1)

const CONTAINER = /^(bullet_list|ordered_list|list_item|blockquote)_(open|close)$/

/** Says of each tag that renders a partial where it stands; `outer` is where this Markdown stands itself. */
export function placeRenders(tokens: readonly Token[], covered: Covered, outer: RenderPlace): void {
  const loose = looseLists(tokens)
  const around: { type: string; isLoose: boolean }[] = []
  let isCell = false
  let table: { columns: number; isRow: boolean } | null = null
  let isInPhrase = phrases()
  for (const [index, token] of tokens.entries()) {
    const { type, content } = token
    const [, container, edge] = CONTAINER.exec(type) ?? []
    if (edge === 'open') around.push({ type: container!, isLoose: loose.has(index) })
    else if (edge === 'close') around.pop()
    else if (/^t[hd]_/.test(type)) {
      isCell = token.nesting === 1
      if (type === 'th_open' && table !== null) table.columns += 1
    } else if (type === 'html_block') isInPhrase(content)
    else if (type === 'table_open') table = { columns: 0, isRow: false }
    else if (type === 'table_close') table = null
    else if (/^tr_/.test(type) && table !== null) table.isRow = token.nesting === 1
    else if (type === 'liquid' && table?.isRow === false && outer !== 'inline') placeRows(token, table.columns)
    else if (type === 'liquid') {
      const isItem = around.at(-1)?.type === 'list_item' && around.at(-2)?.isLoose !== true
      const own = around.length === 0 ? outer : isItem ? 'item' : 'block'
      place(token, isInPhrase('') ? 'inline' : own)
    } else if (type === 'inline') {
      const children = token.children ?? []
      const isAlone = isCell && children.every((child) => child.type === 'liquid_inline' || child.content.trim() === '')
      for (const child of children)
        if (child.type === 'liquid_inline') place(child, isAlone ? 'item' : 'inline')
        else if (child.type === 'code_inline') placeInCode(child)
    } else if (type === 'fence' || type === 'code_block') placeInCode(token)
    if (type === 'paragraph_open') isInPhrase = phrases()
  }

  function placeInCode(token: Token): void {
    for (const [, digits] of token.content.matchAll(TAGS))
      if (isRender(covered.tags.get(Number(digits)))) placeRender(covered, Number(digits), 'inline')
  }

  /** Between rows of a table a partial is rows. */
  function placeRows(token: Token, columns: number): void {
    const number = tagOf(token)
    if (!isRender(covered.tags.get(number))) return
    covered.pieces[number] = asRows(covered.pieces[number]!, columns)
    token.meta = { columns }
  }

  function place(token: Token, at: RenderPlace): void {
    const number = tagOf(token)
    if (!isRender(covered.tags.get(number))) return
    placeRender(covered, number, outer === 'inline' ? 'inline' : at)
    token.meta = { place: at }
  }
}

/** Where lists begin whose items have paragraphs with an element. */
function looseLists(tokens: readonly Token[]): Set<number> {
  const loose = new Set<number>()
  const around: number[] = []
  for (const [index, { type, hidden }] of tokens.entries()) {
    const edge = CONTAINER.exec(type)?.[2]
    if (edge === 'open') around.push(index)
    else if (edge === 'close') around.pop()
    else if (type === 'paragraph_open' && !hidden && tokens[around.at(-1) ?? -1]?.type === 'list_item_open')
      loose.add(around.at(-2) ?? -1)
  }
  return loose
}

const PHRASE = new Set('p h1 h2 h3 h4 h5 h6 a span strong em b i u s small font label button code'.split(' '))
const VOID = new Set('br hr img input meta link col area base wbr source'.split(' '))
const TAG = /<(\/?)([a-z][a-z0-9-]{0,20})(?=[\s/>])[^<>]*>/gi

/** Tells, for HTML given piece by piece, whether what follows stands directly in an element that holds no blocks. */
function phrases(): (html: string) => boolean {
  const open: string[] = []
  return (html) => {
    for (const [whole, slash, given] of html.matchAll(TAG)) {
      const name = given!.toLowerCase()
      if (slash !== '') open.length = Math.max(0, open.includes(name) ? open.lastIndexOf(name) : open.length)
      else if (!VOID.has(name) && !whole.endsWith('/>')) open.push(name)
    }
    return PHRASE.has(open.at(-1) ?? '')
  }
}

/** The same for tags in covered HTML, where all is a block that does not stand directly in such an element. */
export function placeRendersInHtml(covered: Covered): void {
  const isInPhrase = phrases()
  let at = 0
  for (const { 0: mark, 1: digits, index } of covered.text.matchAll(TAGS)) {
    const number = Number(digits)
    if (!isRender(covered.tags.get(number))) continue
    if (isInPhrase(covered.text.slice(at, index))) placeRender(covered, number, 'inline')
    at = index + mark.length
  }
}

/** Covered text in which tags that render partials are covered as outputs are. */
export const withRendersAsText = ({ text, tags }: Covered): string =>
  text.replace(TAGS, (mark, digits: string) => (isRender(tags.get(Number(digits))) ? `\ufdd0${digits}\ufdd2` : mark))

/** Whether these tokens are one paragraph, or one in each branch. */
export function isOneParagraph(tokens: readonly Token[], tags: ReadonlyMap<number, string>): boolean {
  let isBehind = false
  return tokens.every((token) => {
    const source = token.type === 'liquid' ? (tags.get(tagOf(token)) ?? '') : ''
    if (/^\{%-?\s*(?:else|elsif|when)\b/.test(source)) isBehind = false
    if (/^\{%-?\s*(?:for|tablerow)\b/.test(source)) return false
    if (token.type !== 'paragraph_open' && !isRender(source))
      return /^(?:paragraph_close|inline|liquid)$/.test(token.type)
    const isFirst = !isBehind
    isBehind = true
    return isFirst
  })
}

/** Blocks as one line of text: what parted them is a break, and their own elements go. */
export function inlined(tokens: readonly Token[], tags: ReadonlyMap<number, string>): Token[] {
  const children: Token[] = []
  let isBehind = false as boolean
  const push = (type: string, content = '', tag = '') => {
    const made = Object.assign(new Token(type, tag, 0), { content, markup: '`' })
    children.push(made)
  }
  const begin = () => {
    if (isBehind) push('hardbreak', '', 'br')
    isBehind = true
  }
  for (const token of tokens) {
    if (token.type === 'inline') {
      begin()
      children.push(...(token.children ?? []))
    } else if (token.type === 'fence' || token.type === 'code_block') {
      begin()
      push('code_inline', token.content.trim(), 'code')
    } else if (token.type === 'html_block') push('html_inline', token.content.trim())
    else if (token.type === 'liquid') {
      const isContent = isRender(tags.get(tagOf(token)))
      if (isContent) begin()
      push('liquid_inline', token.content)
      children.at(-1)!.meta = token.meta as unknown
      if (isContent) continue
      // Another branch, or what follows a tag, is not told apart by a break.
      if (isBehind) push('softbreak')
      isBehind = false
    }
  }
  const all = ['paragraph_open', 'inline', 'paragraph_close'].map((type, index) =>
    Object.assign(new Token(type, index === 1 ? '' : 'p', (1 - index) as Token['nesting']), {
      block: true,
      hidden: true,
    }),
  )
  all[1]!.children = children
  return all
}
