import { escapeHtml, unescapeHtml } from '../templates/escape.ts'
import type { Links } from './links.ts'

const LINK = /<a\s[^<>]*>/gi
const HREF = /(\shref\s*=\s*)("[^"]*"|'[^']*')/i
/** An author's word that a link is to stay as it is; Knock's, and ours. */
const NOT_TRACKED = /\sdata-(?:knock|belay)-no-track\b/i

/** The HTML with its links leading over ours, but for those to anything but the web, and those that say no. */
export function trackLinks(html: string, messageId: string, links: Links): string {
  return html.replace(LINK, (tag) => {
    if (NOT_TRACKED.test(tag)) return tag
    return tag.replace(HREF, (whole, before: string, quoted: string) => {
      const target = unescapeHtml(quoted.slice(1, -1)).trim()
      if (!/^https?:\/\//i.test(target) || links.isOurs(target)) return whole
      // Entities of other names would lead elsewhere.
      if (/&(?:#\w+|[a-z]+);/i.test(target)) return whole
      const tracked = links.click(messageId, target)
      return tracked === null ? whole : `${before}"${escapeHtml(tracked)}"`
    })
  })
}

/** The HTML with a picture of ours at its end that tells when it is loaded. */
export function trackOpening(html: string, messageId: string, links: Links): string {
  const pixel = `<img src="${escapeHtml(links.open(messageId))}" width="1" height="1" alt="" style="display:block;border:0">`
  const end = html.toLowerCase().lastIndexOf('</body>')
  return end < 0 ? html + pixel : html.slice(0, end) + pixel + html.slice(end)
}
