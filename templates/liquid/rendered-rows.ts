import { cover } from '../liquid-source.ts'
import { compileMarkdown } from '../markdown.ts'
import type { PartialSource } from './rendering.ts'

/** Rows of a table, as templates. */
export interface Rows {
  html: string
  text: string
}

/**
 * What a partial brings of rows to a table with so many columns: one of Markdown whose lines are rows, or of HTML that begins
 * with one. Null: it is what one cell holds.
 */
export function rowsOf({ type, content }: PartialSource, columns: number): Rows | null {
  const covered = cover(content).text.replace(/\ufdd1\d+\ufdd2/g, '')
  if (type === 'html') return /^\s*<tr\b/i.test(covered) ? { html: content, text: '' } : null
  const lines = covered.split('\n').filter((line) => line.trim() !== '')
  if (type !== 'markdown' || lines.length === 0 || !lines.every((line) => line.trim().startsWith('|'))) return null
  const head = Array<string>(columns).fill('h')
  const table = `|${head.join('|')}|\n|${Array<string>(columns).fill('-').join('|')}|\n${content.trim()}`
  const { html, text } = compileMarkdown(table)
  const [start, end] = [html.indexOf('<tbody>'), html.lastIndexOf('</tbody>')]
  const isTable = html.startsWith('<table>') && html.slice(end).replace(/\s/g, '') === '</tbody></table>'
  if (start < 0 || end < start || !isTable) return null
  return {
    html: html.slice(start + '<tbody>'.length, end).trim(),
    text: text.slice(head.join(' | ').length).replace(/^\n/, ''),
  }
}
