const HTML: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => HTML[character]!)
}

const CHARACTERS = Object.fromEntries(Object.entries(HTML).map(([character, entity]) => [entity, character]))

export function unescapeHtml(html: string): string {
  return html.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => CHARACTERS[entity]!)
}

/**
 * What makes links, emphasis, code, headings and HTML in Markdown. In a value each is hidden behind a Unicode
 * noncharacter before the text is parsed, and put back, escaped for where it stands, afterwards. So no value makes
 * markup, also in link targets and code, where neither backslashes nor entities would do.
 */
const MARKUP = '&<>"\'[]()*_`~\\#|'
const FIRST = 0xfdd0
const hidden = new RegExp(`[\\u{${FIRST.toString(16)}}-\\u{${(FIRST + MARKUP.length - 1).toString(16)}}]`, 'gu')
const markup = /[&<>"'[\]()*_`~\\#|]/g

export function hide(text: string): string {
  return text.replace(markup, (character) => String.fromCharCode(FIRST + MARKUP.indexOf(character)))
}

const shown = (character: string) => MARKUP[character.charCodeAt(0) - FIRST]!

export function revealText(text: string): string {
  return text.replace(hidden, shown)
}

export function revealHtml(html: string): string {
  return html.replace(hidden, (character) => escapeHtml(shown(character)))
}

/** As Markdown source: a backslash keeps what was hidden from being markup. */
export function revealMarkdown(source: string): string {
  return source.replace(hidden, (character) => `\\${shown(character)}`)
}
