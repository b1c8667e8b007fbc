import { renderingFor } from '../../templates/rendering-for.ts'
import type { Scope } from '../../templates/scope.ts'
import { trackLinks } from '../html-tracking.ts'
import { MISSING, type Links } from '../links.ts'
import type { FeedContent } from './content.ts'
import type { FeedTemplate } from './template.ts'

/**
 * The content of an in-app message with all that it links to leading over ours, where its step asks for that: what a client
 * opens, not what `content` shows. Where this process has no links, a warning of the scope's says so.
 */
export function withTrackedLinks(
  content: FeedContent,
  { linkTracking }: FeedTemplate,
  { messageId, scope, links }: { messageId: string; scope: Scope; links: Links | undefined },
): FeedContent {
  if (linkTracking !== true) return content
  if (links === undefined) {
    renderingFor(scope).warn?.(`link_tracking is ${MISSING}`)
    return content
  }
  const tracked = (address: string): string => {
    const isWeb = /^https?:\/\//i.test(address) && URL.canParse(address) && !links.isOurs(address)
    return (isWeb ? links.click(messageId, address) : null) ?? address
  }
  const blocks = content.blocks.map((block): FeedContent['blocks'][number] => {
    if (block.type === 'button_set')
      return { ...block, buttons: block.buttons.map((button) => ({ ...button, action: tracked(button.action) })) }
    if (block.name === 'action_url') return { ...block, rendered: tracked(block.rendered) }
    return { ...block, rendered: trackLinks(block.rendered, messageId, links) }
  })
  return { blocks }
}
