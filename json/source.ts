import { isExactNumber } from './exact-number.ts'

/** What JSON.parse would change or drop without a word. `type` as in an error's `errors[]`. */
export interface SourceFault {
  path: (string | number)[]
  message: string
  type: string
}

export const MAX_DEPTH = 100
const MAX_FAULTS = 100

/** An object or list that is open at this place of the text. */
interface Open {
  isList: boolean
  index: number
  /** Of an object: the name whose value is read, and those before it. */
  name: string
  names: Set<string>
  awaitsName: boolean
}

/**
 * Looks through a JSON text before it is parsed: numbers that a double cannot hold, names given twice in one object,
 * nests deeper than 100, and more values than `maxValues`, after which it looks no further. Linear in the text, and it
 * makes nothing of the text's size. Of a text that is no JSON it may say anything.
 */
export function faultsOfSource(text: string, maxValues: number): SourceFault[] {
  const faults: SourceFault[] = []
  const open: Open[] = []
  let values = 0
  const path = () => open.map((each) => (each.isList ? each.index : each.name))
  let at = 0
  while (at < text.length && faults.length < MAX_FAULTS) {
    const char = text[at]!
    const inner = open.at(-1)
    let end = at + 1
    if (char === ',') {
      if (inner?.isList === true) inner.index += 1
      else if (inner !== undefined) inner.awaitsName = true
    } else if (char === '}' || char === ']') open.pop()
    else if (char === '"' && inner?.awaitsName === true) {
      end = endOfString(text, at)
      inner.name = nameOf(text.slice(at, end))
      inner.awaitsName = false
      if (inner.names.has(inner.name)) faults.push({ path: path(), message: 'is given twice', type: 'conflict' })
      inner.names.add(inner.name)
    } else if (!BETWEEN.has(char)) {
      values += 1
      if (values > maxValues) return [{ path: [], message: tooMany(maxValues), type: 'length' }]
      if (char === '{' || char === '[') {
        if (open.length === MAX_DEPTH) return [{ path: path(), message: tooDeep, type: 'format' }]
        const isList = char === '['
        open.push({ isList, index: 0, name: '', names: new Set(), awaitsName: !isList })
      } else if (char === '"') end = endOfString(text, at)
      else {
        end = endOfWord(text, at)
        const isNumber = char === '-' || (char >= '0' && char <= '9')
        if (isNumber && !isExactNumber(text.slice(at, end)))
          faults.push({ path: path(), message: inexact, type: 'format' })
      }
    }
    at = end
  }
  return faults
}

/**
 * The same JSON with each number that a double cannot hold as a text of its digits: what comes from elsewhere is kept as it
 * was said. Linear in the text; of a text that is no JSON it makes another that is none.
 */
export function withExactNumbers(text: string): string {
  const parts: string[] = []
  let from = 0
  for (let at = 0; at < text.length;) {
    const char = text[at]!
    if (char === '"') at = endOfString(text, at)
    else if (char === '-' || (char >= '0' && char <= '9')) {
      const end = endOfWord(text, at)
      const literal = text.slice(at, end)
      if (NUMBER.test(literal) && !isExactNumber(literal)) {
        parts.push(text.slice(from, at), '"', literal, '"')
        from = end
      }
      at = end
    } else at += 1
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(from)
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/

const BETWEEN = new Set([' ', '\t', '\n', '\r', ':'])
const WORD = /[-+.\w]*/y
const inexact = 'is not exact as a number; send it as a text'
const tooMany = (max: number) => `holds more than ${max.toLocaleString('en')} values`
export const tooDeep = `is nested more than ${MAX_DEPTH} levels deep`

const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * After the closing quote. Character by character and without `indexOf`: V8 takes that for free of effects and, once this
 * is compiled into its caller, may call it for every character of a text, whether a string begins there or not.
 */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charCodeAt(at)
    if (char === QUOTE) return at + 1
    if (char === BACKSLASH) at += 1
  }
  return text.length
}

function endOfWord(text: string, start: number): number {
  WORD.lastIndex = start
  WORD.test(text)
  return Math.max(WORD.lastIndex, start + 1)
}

/** Names that are written in two ways are the same name. */
function nameOf(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted
  }
}
