import { TAGS, type Covered } from './liquid-source.ts'
import { groupsOf } from './markdown/groups.ts'

/** What a piece of HTML may stand in directly: a table, or a part of one. */
const OF_TABLE = /<(\/?)(?:mj-)?(table|tbody|thead|tfoot|tr|td|th|caption|colgroup)\b[^<>]*>/gi
const OF_PARAGRAPH = /<\/?p\b[^<>]*>/gi
/** The row and cell of a `tablerow`, as the tag finds them around what it repeats. */
const ROW = '<tr><td>'

/**
 * Covered HTML in which each `tablerow` holds the row and the cell that it repeats, so that a parser leaves them where they
 * are; one that stands in no table gets one, outside of the paragraph around it.
 */
export function withTableRows(covered: Covered): Covered {
  const groups = groupsOf(covered.tags)
  let text = ''
  let at = 0
  const closers = new Map<number, string>()
  for (const { index, 0: mark, 1: digits } of covered.text.matchAll(TAGS)) {
    const tag = Number(digits)
    const group = groups.get(tag)
    text += covered.text.slice(at, index)
    at = index + mark.length
    const closer = closers.get(tag)
    if (closer !== undefined) text += `</td></tr>${mark}${closer}`
    else if (group?.name !== 'tablerow' || group.tags[0] !== tag || covered.text.startsWith(ROW, at)) text += mark
    else {
      const isOwn = !isInTable(text)
      const isWithin = isOwn && isInParagraph(text)
      text += `${isWithin ? '</p>' : ''}${isOwn ? '<table>' : ''}${mark}${ROW}`
      closers.set(group.tags.at(-1)!, `${isOwn ? '</table>' : ''}${isWithin ? '<p>' : ''}`)
    }
  }
  if (closers.size === 0) return covered
  return { ...covered, text: (text + covered.text.slice(at)).replace(/<p>\s*<\/p>/g, '') }
}

function isInTable(before: string): boolean {
  const last = Array.from(before.matchAll(OF_TABLE)).at(-1)
  if (last === undefined) return false
  const [, slash, name = ''] = last
  return slash === '' ? !/^(?:td|th|caption)$/i.test(name) : !/^table$/i.test(name)
}

/** Whether a paragraph is open. */
const isInParagraph = (before: string): boolean =>
  Array.from(before.matchAll(OF_PARAGRAPH)).at(-1)?.[0].startsWith('</') === false
