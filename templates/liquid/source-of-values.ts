import type { Context, Liquid } from 'liquidjs'
import { textOfHtmlValue } from '../html-text.ts'
import { withoutMarks } from '../markdown-source/marks.ts'
import { untrustedMarkdown } from '../markdown.ts'
import { Captured } from './captured.ts'
import { renderingOf } from './rendering.ts'
import { textOf } from './text-of.ts'

const FENCE = /^ {0,3}(`{3,}|~{3,})/

/** `from_markdown` in Markdown source: the value's own Markdown, whose code ends with it. */
export function registerSourceOfValues(liquid: Liquid): void {
  liquid.registerFilter('from_markdown', function (this: { context: Context }, value: unknown): Captured {
    const source = withoutMarks(textOf(value)).replace(/\r\n?/g, '\n')
    renderingOf(this.context).hasCaptured = true
    const closed = withEndOfCode(source)
    return new Captured(() => textOfHtmlValue(untrustedMarkdown(source)), closed, closed)
  })
}

function withEndOfCode(source: string): string {
  let open: string | null = null
  for (const line of source.split('\n')) {
    const [fence = '', mark = ''] = FENCE.exec(line) ?? []
    if (mark === '') continue
    const info = line.slice(fence.length)
    if (open === null) open = mark.startsWith('`') && info.includes('`') ? null : mark
    else if (mark.startsWith(open) && info.trim() === '') open = null
  }
  return open === null ? source : `${source.trimEnd()}\n${open}\n`
}
