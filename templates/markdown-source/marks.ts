import { textOf } from '../liquid/text-of.ts'

/** Unicode noncharacters, which no text in use holds, around a value in Markdown source whose place is not known yet. */
const OPEN = '\ufdd6'
const CLOSE = '\ufdd7'
const MARKS = /[\ufdd0-\ufdd7]/g
const VALUE = /\ufdd6([^\ufdd6\ufdd7]*)\ufdd7/g

/** A text that holds no mark. */
export const withoutMarks = (text: string): string => text.replace(MARKS, '\ufffd')

/** A value as it stands in Markdown source until it is known whether it is within code (`withValues`). */
export const marked = (value: unknown): string => OPEN + withoutMarks(textOf(value)) + CLOSE

/** Filled Markdown source without the marks of its values, which stand in it as they are. */
export const unmarked = (source: string): string => source.replace(VALUE, '$1').replace(MARKS, '')

/** Whether each value in it has both of its marks. */
export const isWhole = (source: string): boolean => !/[\ufdd6\ufdd7]/.test(source.replace(VALUE, ''))

/** Filled Markdown source in pieces: what the author wrote and values, by turns, the author's first and last. */
export function piecesOf(source: string): { written: string[]; values: string[] } {
  const written: string[] = []
  const values: string[] = []
  let at = 0
  for (const { 0: whole, 1: value, index } of source.matchAll(VALUE)) {
    written.push(source.slice(at, index).replace(MARKS, ''))
    values.push(value!)
    at = index + whole.length
  }
  written.push(source.slice(at).replace(MARKS, ''))
  return { written, values }
}

/** Filled Markdown source with what the author wrote changed, and its values as they are. */
export function withWritten(source: string, change: (written: string) => string): string {
  let at = 0
  let made = ''
  for (const { 0: whole, index } of source.matchAll(VALUE)) {
    made += change(source.slice(at, index)) + whole
    at = index + whole.length
  }
  return made + change(source.slice(at))
}
