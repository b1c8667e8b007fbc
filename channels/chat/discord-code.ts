import MarkdownIt from 'markdown-it'

const markdown = new MarkdownIt({ html: false })
/** What stands before the text of an indented line: blanks, and marks of quotes and items. */
const BEFORE = /^[\s>]*(?:(?:[-+*]|\d{1,9}[.)])\s+)*/

/**
 * Markdown in which all code is what Discord takes for code: between backticks. It knows neither tildes nor indentation, and
 * what is within would be Markdown to it.
 */
export function withDiscordCode(source: string): string {
  const lines = source.split('\n')
  for (const { type, map, markup, level } of markdown.parse(source, {})) {
    if (map === null) continue
    const [from, end] = map
    if (type === 'fence' && markup.startsWith('~')) {
      const isClosed = end - 1 > from && /^[\s>]*~{3,}\s*$/.test(lines[end - 1]!)
      for (let at = from + 1; at < (isClosed ? end - 1 : end); at++) lines[at] = lines[at]!.replace(/`{3,}/g, lookalike)
      lines[from] = lines[from]!.replace(/~{3,}/, '```')
      if (isClosed) lines[end - 1] = lines[end - 1]!.replace(/~{3,}/, '```')
    } else if (type === 'code_block') {
      let last = end
      while (lines[last - 1]!.trim() === '') last -= 1
      for (let at = from; at < last; at++) lines[at] = level === 0 ? outdented(lines[at]!) : inline(lines[at]!)
      if (level > 0) continue
      lines[from] = `\`\`\`\n${lines[from]!}`
      lines[last - 1] = `${lines[last - 1]!}\n\`\`\``
    }
  }
  return lines.join('\n')
}

const outdented = (line: string) => line.replace(/^(?: {4}| {0,3}\t)/, '').replace(/`{3,}/g, lookalike)

/** Where a list or a quote is around it, each line is code by itself. */
function inline(line: string): string {
  const { length } = BEFORE.exec(line)![0]
  return line.length === length ? line : `${line.slice(0, length)}\`${lookalike(line.slice(length))}\``
}

const lookalike = (text: string) => text.replaceAll('`', 'ˋ')
