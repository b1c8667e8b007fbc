import { UNSUBSCRIBE_URL } from '../templates/unsubscribe.ts'
import type { Links } from './links.ts'
import { NotSent } from './sender.ts'

/** Content with the recipient's own address to unsubscribe at. Throws NotSent where it asks for one and there can be none. */
export function withUnsubscribeLink<Content>(content: Content, messageId: string, links: Links | undefined): Content {
  const text = JSON.stringify(content)
  if (!text.includes(UNSUBSCRIBE_URL)) return content
  if (links === undefined)
    throw new NotSent('it has vars.commercial_unsubscribe_url: set BELAY_PUBLIC_URL and BELAY_LINK_SECRET')
  // Neither of the two holds a character that JSON escapes.
  return JSON.parse(text.replaceAll(UNSUBSCRIBE_URL, links.unsubscribe(messageId))) as Content
}
