import { initWasm, inline } from '@css-inline/css-inline-wasm'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const wasm = await readFile(fileURLToPath(import.meta.resolve('@css-inline/css-inline-wasm/index_bg.wasm')))
await initWasm({ module_or_path: wasm })

// eslint-disable-next-line belay/linear-regex -- of an author's document, once: values come into it later
const RAW_TEXT = /<(style|script|title|textarea)\b[^<>]*>[\s\S]*?<\/\1>|<!--[\s\S]*?-->|<[a-z/!][^<>]*>/gi
const MARK = /[\ufdd0\ufdd1]\d+\ufdd2/g

/**
 * Writes the style sheets of a whole HTML document into its elements, since mail clients drop them; media queries stay. Of
 * a document whose Liquid is covered: a piece between elements is hidden in a comment meanwhile, or a parser of HTML would
 * move it out of a table.
 */
export function inlineCss(html: string): string {
  if (!/<style\b/i.test(html)) return html
  let hidden = ''
  let at = 0
  for (const element of html.matchAll(RAW_TEXT)) {
    hidden += html.slice(at, element.index).replace(MARK, (mark) => `<!--${mark}-->`) + element[0]
    at = element.index + element[0].length
  }
  hidden += html.slice(at).replace(MARK, (mark) => `<!--${mark}-->`)
  // The parser would open a table's body at its first row, and so within a loop around its rows.
  const whole = hidden.replace(/(<table\b[^<>]*>)(?!\s*<(?:tbody|thead|tfoot|caption|colgroup)\b)/gi, '$1<tbody>')
  const inlined = inline(whole, { keepStyleTags: true, loadRemoteStylesheets: false })
  return inlined.replace(/<!--([\ufdd0\ufdd1]\d+\ufdd2)-->/g, '$1').replace(/([\ufdd0\ufdd1]\d+\ufdd2)=""/g, '$1')
}
