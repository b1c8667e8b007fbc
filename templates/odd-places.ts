import type { PartialSource } from './liquid/rendering.ts'
import { cover, TAGS } from './liquid-source.ts'

const ELEMENT = /<[a-z][^<>]*>/gi
const QUOTED = /"[^"]*"|'[^']*'/g
const HAS_TAGS = /<[a-z]/i
const RENDERED = /^\{%-?\s*render\w*\s+["']([^"']+)["']/

/** What is odd about HTML with Liquid in it: partials whose tags stand in an attribute. */
export function oddInHtml(html: string, partials: Readonly<Record<string, PartialSource>> = {}): string[] {
  const { text, tags } = cover(html)
  const values = Array.from(text.matchAll(ELEMENT)).flatMap(([element]) => element.match(QUOTED) ?? [])
  const keys = values.flatMap((value) =>
    Array.from(value.matchAll(TAGS)).flatMap(([, digits]) => RENDERED.exec(tags.get(Number(digits)) ?? '')?.[1] ?? []),
  )
  return [...new Set(keys)].flatMap((key) => {
    const { type, content } = (Object.hasOwn(partials, key) ? partials[key] : undefined) ?? {
      type: 'text',
      content: '',
    }
    if (type !== 'markdown' && !(type === 'html' && HAS_TAGS.test(content))) return []
    return `renders the partial ${key} in an attribute, where its tags are text: render one whose type is text`
  })
}

/** Behind it nothing takes the tags away, or makes them a part of something else. */
const KEEPS_TAGS = /^(?![^]*\|\s*(?:strip_html|json)\b)/
const MAKES_TAGS = /\|\s*from_markdown\b([^]*)$/
const ASSIGNED = /^\{%-?\s*assign\s+([\w-]+)/
const SHOWN = /^\{(?:\{-?|%-?\s*echo)\s*([\w-]+)?/

/** The same of a text that is shown as it is: values whose Markdown becomes HTML. */
export function oddInText(text: string): string[] {
  const pieces = cover(text).pieces.filter((piece) => KEEPS_TAGS.test(MAKES_TAGS.exec(piece)?.[1] ?? piece))
  const made = pieces.filter((piece) => MAKES_TAGS.test(piece))
  const names = new Set(made.flatMap((piece) => ASSIGNED.exec(piece)?.[1] ?? []))
  const isShown = (piece: string) => {
    const [shown, name = ''] = SHOWN.exec(piece) ?? []
    return shown !== undefined && (made.includes(piece) || names.has(name))
  }
  return pieces.some(isShown) ? ['has from_markdown, which makes HTML: its tags are shown as text'] : []
}
