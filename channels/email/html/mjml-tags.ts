/** A tag of a text of MJML or HTML, where it begins and where it ends. */
export interface Tag {
  /** In lower case, as it stands there. */
  name: string
  kind: 'opening' | 'closing' | 'whole'
  start: number
  end: number
}

/** Components whose content is HTML, which MJML hands on as it is. */
export const endingTags: ReadonlySet<string> = new Set([
  ...['mj-text', 'mj-raw', 'mj-button', 'mj-table', 'mj-navbar-link', 'mj-social-element'],
  ...['mj-accordion-title', 'mj-accordion-text', 'mj-style', 'mj-title', 'mj-preview'],
])

const NAME = /\/?([A-Za-z][\w:-]*)/y

/** The tags of a text in their order, comments left out, in one pass. What only looks like the beginning of one is text. */
export function* tagsIn(source: string): Generator<Tag> {
  for (let start = source.indexOf('<'); start >= 0; start = source.indexOf('<', start)) {
    if (source.startsWith('<!--', start)) {
      const close = source.indexOf('-->', start)
      if (close < 0) return
      start = close
      continue
    }
    NAME.lastIndex = start + 1
    const [found, name] = NAME.exec(source) ?? []
    if (found === undefined || name === undefined) {
      start += 1
      continue
    }
    const end = endOf(source, NAME.lastIndex)
    if (end < 0) return
    const kind = found.startsWith('/') ? 'closing' : source[end - 2] === '/' ? 'whole' : 'opening'
    yield { name: name.toLowerCase(), kind, start, end }
    start = end
  }
}

/** Behind the `>` that ends a tag; one within quotes is part of a value. -1: nothing ends it. */
function endOf(source: string, from: number): number {
  let quote: string | null = null
  for (let at = from; at < source.length; at += 1) {
    const letter = source[at]!
    if (quote !== null) quote = letter === quote ? null : quote
    else if (letter === '"' || letter === "'") quote = letter
    else if (letter === '>') return at + 1
  }
  return -1
}
