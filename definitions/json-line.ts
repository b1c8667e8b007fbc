/** What is read at one place of a JSON text: in an object the name whose value comes, in a list its place. */
interface Open {
  part: string | number
  awaitsName: boolean
}

/** Blanks, a quoted text, a number or word, or one mark of punctuation. */
const TOKEN = /\s+|"(?:[^"\\]|\\.)*"?|[-+.\w]+|[^]/y

/**
 * The line, from 1, on which the value at a path stands in a JSON text, or the innermost thing around it that is there. A
 * name counts with and without the @ of a file's name. Linear in the text.
 */
export function lineOf(text: string, at: readonly PropertyKey[]): number {
  const open: Open[] = []
  let line = 1
  let found = { depth: -1, line: 1 }
  /** How much of the path leads here; -1: this is not on it. */
  const depth = () => {
    if (open.length > at.length) return -1
    return open.every(({ part }, index) => matches(part, at[index]!)) ? open.length : -1
  }
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [token] = match
    const inner = open.at(-1)
    if (token === '}' || token === ']') open.pop()
    else if (token === ',' && inner !== undefined) {
      if (typeof inner.part === 'number') inner.part += 1
      else inner.awaitsName = true
    } else if (token.startsWith('"') && inner?.awaitsName === true) {
      inner.part = nameOf(token)
      inner.awaitsName = false
      if (depth() > found.depth) found = { depth: depth(), line }
    } else if (token.trim() !== '' && token !== ':') {
      if (depth() > found.depth) found = { depth: depth(), line }
      if (token === '{') open.push({ part: '', awaitsName: true })
      if (token === '[') open.push({ part: 0, awaitsName: false })
    }
    if (found.depth === at.length) break
    for (let end = token.indexOf('\n'); end !== -1; end = token.indexOf('\n', end + 1)) line += 1
  }
  return found.line
}

function matches(part: string | number, wanted: PropertyKey): boolean {
  return part === wanted || (typeof part === 'string' && part === `${String(wanted)}@`)
}

function nameOf(quoted: string): string {
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted
  }
}
