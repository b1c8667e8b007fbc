/** Of a text that is no JSON: `message` says why, in one line. */
export class NotJson extends Error {
  override readonly name = 'NotJson'
  /** From 1. */
  readonly line: number
  readonly column: number

  constructor({ line, column, message }: JsonFault) {
    super(message)
    this.line = line
    this.column = column
  }
}

/** As JSON.parse, whose own messages differ from one runtime to the next and seldom say where. Throws NotJson. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const fault = jsonFault(text)
    if (fault === null) throw error
    throw new NotJson(fault)
  }
}

/** Where a text ceases to be JSON: from 1, and why, in one line. */
export interface JsonFault {
  line: number
  column: number
  message: string
}

const BLANKS = /[ \t\r\n]*/y
/** Without its closing quote; no control character stands in it. */
const STRING = /"[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[ !#-[\]-\uffff]*)*/y
const OTHER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/y
const WORD = /[-+.\w]+/y

/** What may come next, as it is told. */
type Due =
  'a value' | 'a value or "]"' | 'a name in quotes' | 'a name or "}"' | '":"' | '"," or "]"' | '"," or "}"' | 'the end'

const AFTER = { '[': '"," or "]"', '{': '"," or "}"', '': 'the end' } as const

/** The first fault of a text that is no JSON, the same on every runtime; null where it is JSON. Linear in the text. */
export function jsonFault(text: string): JsonFault | null {
  const open: ('[' | '{')[] = []
  let due: Due = 'a value'
  const afterValue = (): Due => AFTER[open.at(-1) ?? '']
  for (let at = endOf(BLANKS, text, 0); ; at = endOf(BLANKS, text, at)) {
    const char = text.charAt(at)
    if (char === '' && due === 'the end') return null
    const isEnd = due.endsWith(`or "${char}"`)
    const takesName = due.startsWith('a name')
    const takesValue = due.startsWith('a value')
    if (isEnd) {
      open.pop()
      due = afterValue()
      at += 1
    } else if (char === ',' && due.startsWith('",')) {
      due = open.at(-1) === '[' ? 'a value' : 'a name in quotes'
      at += 1
    } else if (char === ':' && due === '":"') {
      due = 'a value'
      at += 1
    } else if (char === '"' && (takesName || takesValue)) {
      at = endOf(STRING, text, at)
      if (text[at] !== '"') return faultAt(text, at, inString(text, at))
      due = takesName ? '":"' : afterValue()
      at += 1
    } else if ((char === '[' || char === '{') && takesValue) {
      open.push(char)
      due = char === '[' ? 'a value or "]"' : 'a name or "}"'
      at += 1
    } else {
      const end = takesValue ? endOf(OTHER, text, at) : at
      if (end === at) return faultAt(text, at, missing(due, text, at))
      due = afterValue()
      at = end
    }
  }
}

function inString(text: string, at: number): string {
  if (text[at] === '\\') return `a text in quotes holds ${JSON.stringify(text.slice(at, at + 2))}, which is no escape`
  if (at < text.length) return 'a text in quotes holds a line break or another control character'
  return 'a text in quotes has no end'
}

function missing(due: Due, text: string, at: number): string {
  if (at >= text.length) return `${due} is missing before the end`
  const word = text.slice(at, endOf(WORD, text, at)).slice(0, 40)
  const found = word === '' ? String.fromCodePoint(text.codePointAt(at)!) : word
  const shown = found === '"' ? 'a quote' : JSON.stringify(found)
  return due === 'the end' ? `${shown} stands behind the end` : `${due} is missing before ${shown}`
}

function faultAt(text: string, at: number, message: string): JsonFault {
  const lines = text.slice(0, at).split('\n')
  return { line: lines.length, column: lines.at(-1)!.length + 1, message }
}

/** Where a sticky pattern that matches from `at` ends; `at` where it does not. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}
