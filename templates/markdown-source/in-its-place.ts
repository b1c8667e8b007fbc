import { withWritten } from './marks.ts'

/** What stands before the text of a line: blanks, and marks of quotes and items. */
const PREFIX = /^[\s>]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+[\s>]*)*/

/**
 * Markdown source of a partial behind what stands before it: its lines belong to the item, quote or code that its first
 * stands in, and are one line within a row of a table.
 */
export function inItsPlace(partial: string, before: string): string {
  const line = before.slice(before.lastIndexOf('\n') + 1)
  if (/^[\s>]*(?:\||#{1,6}[ \t])/.test(line)) return withWritten(partial, onOneLine)
  const prefix = PREFIX.exec(line)![0].replace(/[^\s>]/g, ' ')
  return prefix === '' ? partial : withWritten(partial, (text) => text.replaceAll('\n', `\n${prefix}`))
}

/** Its lines side by side. */
export const onOneLine = (text: string): string => text.replace(/\n\s*/g, ' ')
