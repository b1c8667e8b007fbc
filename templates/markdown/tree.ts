import Token from 'markdown-it/lib/token.mjs'
import { TAGS } from '../liquid-source.ts'

/** An element with what it holds; `end` is null of the text of a paragraph, heading or cell, and of code. */
export interface Element {
  kind: 'element'
  start: Token
  end: Token | null
  children: Node[]
}

/** A token that holds nothing, a tag of Liquid by its number, or an element. */
export type Node = Element | { kind: 'leaf'; token: Token } | { kind: 'tag'; number: number }

/** Code is an element whose text is leaves, so that a tag can leave it. */
const CODE = new Set(['fence', 'code_block', 'code_inline'])
const HTML = new Set(['html_block', 'html_inline'])

/** Markdown's tokens as a tree. */
export function treeOf(tokens: Token[]): Node[] {
  const root: Node[] = []
  const open: Element[] = []
  for (const token of tokens) {
    const siblings = open.at(-1)?.children ?? root
    if (token.nesting === 1) {
      const element: Element = { kind: 'element', start: token, end: null, children: [] }
      siblings.push(element)
      open.push(element)
    } else if (token.nesting === -1) {
      const element = open.pop()
      if (element !== undefined) element.end = token
    } else if (token.type === 'inline')
      siblings.push({ kind: 'element', start: token, end: null, children: treeOf(token.children ?? []) })
    else if (CODE.has(token.type))
      siblings.push({ kind: 'element', start: token, end: null, children: pieces(token.content, 'text') })
    else if (token.type === 'text' || token.type === 'liquid') siblings.push(...pieces(token.content, 'text'))
    else if (HTML.has(token.type)) siblings.push(...pieces(token.content, token.type))
    else siblings.push({ kind: 'leaf', token })
  }
  return root
}

/** Tags of a text, and what stands between them; but not those within a tag of HTML. */
function pieces(content: string, type: string): Node[] {
  const nodes: Node[] = []
  let at = 0
  const leaf = (text: string) => {
    if (text === '') return
    const token = new Token(type, '', 0)
    token.content = text
    nodes.push({ kind: 'leaf', token })
  }
  const inTags = HTML.has(type)
    ? Array.from(content.matchAll(/<[^<>]*>/g), ({ 0: tag, index }) => [index, index + tag.length])
    : []
  let within = 0
  for (const { 0: mark, 1: digits, index } of content.matchAll(TAGS)) {
    while (within < inTags.length && inTags[within]![1]! <= index) within++
    if (within < inTags.length && inTags[within]![0]! < index) continue
    leaf(content.slice(at, index))
    nodes.push({ kind: 'tag', number: Number(digits) })
    at = index + mark.length
  }
  leaf(content.slice(at))
  return nodes
}

/** The tree as markdown-it's tokens; tags are `liquid` among blocks, `liquid_inline` within text. */
export function tokensOf(nodes: Node[], tagType: 'liquid' | 'liquid_inline' = 'liquid'): Token[] {
  return nodes.flatMap((node): Token[] => {
    if (node.kind === 'leaf') return [node.token]
    if (node.kind === 'tag') return [liquid(node.number, tagType)]
    const { start, end, children } = node
    if (end !== null) return [start, ...tokensOf(children, tagType), end]
    const made: Token = Object.assign(new Token(start.type, start.tag, 0), start)
    if (start.type === 'inline') made.children = tokensOf(children, 'liquid_inline')
    else
      made.content = tokensOf(children)
        .map(({ content }) => content)
        .join('')
    return [made]
  })
}

function liquid(number: number, type: string): Token {
  const token = new Token(type, '', 0)
  token.content = `\ufdd1${number}\ufdd2`
  return token
}
