import { Ends } from '../../../templates/ends.ts'

const BEGIN = /<style\b[^<>]*>/gi
const ENDS = { style: /<\/style\s*>/gi }

/**
 * A document with the style sheets of its body in its head, each once, since mail clients drop others: a partial brings its
 * own each time it is shown. They are not written into its elements: what is filled in is not parsed again.
 */
export function withStylesInHead(html: string): string {
  const body = /<body\b/i.exec(html)?.index
  if (body === undefined || !/<style\b/i.test(html.slice(body))) return html
  const ends = new Ends(html, ENDS)
  const styles = new Set<string>()
  let rest = ''
  let at = body
  for (const { index, 0: tag } of html.slice(body).matchAll(BEGIN)) {
    const begin = body + index
    const end = ends.after('style', begin + tag.length)
    if (begin < at || end === undefined) continue
    styles.add(html.slice(begin, end))
    rest += html.slice(at, begin)
    at = end
  }
  const head = html.slice(0, body)
  const all = [...styles].join('\n')
  const whole = /<\/head\s*>/i.test(head) ? head.replace(/<\/head\s*>/i, (close) => all + close) : all + head
  return whole + rest + html.slice(at)
}
