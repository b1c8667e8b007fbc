import type { EmailContent } from './content.ts'
import { MISSING, type Links } from '../links.ts'
import type { Outgoing } from '../sender.ts'
import { trackLinks, trackOpening } from '../html-tracking.ts'

export interface Linked {
  content: EmailContent
  headers: Record<string, string>
  /** What was asked for and could not be, kept with the message. */
  told: Record<string, string>
}

/** An e-mail with the links of ours that it wants: to unsubscribe by one click (RFC 8058), and tracked ones where asked for. */
export function withLinks(
  { messageId, content }: Outgoing<EmailContent>,
  channel: { link_tracking?: boolean | undefined; open_tracking?: boolean | undefined },
  links: Links | undefined,
): Linked {
  const { settings = {} } = content
  const clicks = settings.link_tracking ?? channel.link_tracking ?? false
  const openings = settings.open_tracking ?? channel.open_tracking ?? false
  if (links === undefined) {
    const told = {
      ...((clicks || openings) && { tracking: MISSING }),
      ...(settings.commercial && { unsubscribe: MISSING }),
    }
    return { content, headers: {}, told }
  }
  let html = content.html_body
  if (clicks) html = trackLinks(html, messageId, links)
  if (openings) html = trackOpening(html, messageId, links)
  const headers: Record<string, string> = {}
  if (settings.commercial === true) {
    headers['List-Unsubscribe'] = `<${links.unsubscribe(messageId)}>`
    headers['List-Unsubscribe-Post'] = 'List-Unsubscribe=One-Click'
  }
  return { content: { ...content, html_body: html }, headers, told: {} }
}
