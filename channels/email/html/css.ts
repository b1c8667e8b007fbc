import { initWasm, inline } from '@css-inline/css-inline-wasm'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Ends } from '../../../templates/ends.ts'

const wasm = await readFile(fileURLToPath(import.meta.resolve('@css-inline/css-inline-wasm/index_bg.wasm')))
await initWasm({ module_or_path: wasm })

/** A tag, or the beginning of a comment. */
const TAG = /<!--|<[a-z/!][^<>]*>/gi
/** What such a tag begins is no HTML until its end. */
const OF_TEXT = /^<(style|script|title|textarea)\b/i
const ENDS = {
  style: /<\/style>/gi,
  script: /<\/script>/gi,
  title: /<\/title>/gi,
  textarea: /<\/textarea>/gi,
  comment: /-->/g,
}
const MARK = /[\ufdd0\ufdd1]\d+\ufdd2/g

/**
 * Writes the style sheets of a whole HTML document into its elements, since mail clients drop them; media queries stay. Of
 * a document whose Liquid is covered: a piece between elements is hidden in a comment meanwhile, or a parser of HTML would
 * move it out of a table.
 */
export function inlineCss(html: string): string {
  if (!/<style\b/i.test(html)) return html
  const ends = new Ends(html, ENDS)
  let hidden = ''
  let at = 0
  for (const { index, 0: tag } of html.matchAll(TAG)) {
    // Within the text of the element before.
    if (index < at) continue
    const kind = tag === '<!--' ? 'comment' : (OF_TEXT.exec(tag)?.[1]?.toLowerCase() as keyof typeof ENDS | undefined)
    const end = (kind && ends.after(kind, index + tag.length)) ?? index + tag.length
    hidden += html.slice(at, index).replace(MARK, (mark) => `<!--${mark}-->`) + html.slice(index, end)
    at = end
  }
  hidden += html.slice(at).replace(MARK, (mark) => `<!--${mark}-->`)
  // The parser would open a table's body at its first row, and so within a loop around its rows.
  const whole = hidden.replace(/(<table\b[^<>]*>)(?!\s*<(?:tbody|thead|tfoot|caption|colgroup)\b)/gi, '$1<tbody>')
  const inlined = inline(whole, { keepStyleTags: true, loadRemoteStylesheets: false })
  return inlined.replace(/<!--([\ufdd0\ufdd1]\d+\ufdd2)-->/g, '$1').replace(/([\ufdd0\ufdd1]\d+\ufdd2)=""/g, '$1')
}
