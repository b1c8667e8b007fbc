import { trackLinks } from '../../channels/email/tracking.ts'
import { MISSING, type Links } from '../../channels/links.ts'
import type { ChannelStep } from '../../definitions/step.ts'
import type { FeedContent } from '../../templates/content.ts'
import { renderingFor } from '../../templates/rendering-for.ts'
import type { Scope } from '../../templates/scope.ts'

/**
 * The content of an in-app message with all that it links to leading over ours, where its step asks for that: what a client
 * opens, not what `content` shows. Where this process has no links, a warning of the scope's says so.
 */
export function withTrackedLinks<Content extends object>(
  content: Content,
  step: ChannelStep,
  { messageId, scope, links }: { messageId: string; scope: Scope; links: Links | undefined },
): Content | FeedContent {
  if (step.channelType !== 'in_app_feed' || step.template.linkTracking !== true) return content
  if (links === undefined) {
    renderingFor(scope).warn?.(`link_tracking is ${MISSING}`)
    return content
  }
  const tracked = (address: string): string => {
    const isWeb = /^https?:\/\//i.test(address) && URL.canParse(address) && !links.isOurs(address)
    return (isWeb ? links.click(messageId, address) : null) ?? address
  }
  const blocks = (content as unknown as FeedContent).blocks.map((block): FeedContent['blocks'][number] => {
    if (block.type === 'button_set')
      return { ...block, buttons: block.buttons.map((button) => ({ ...button, action: tracked(button.action) })) }
    if (block.name === 'action_url') return { ...block, rendered: tracked(block.rendered) }
    return { ...block, rendered: trackLinks(block.rendered, messageId, links) }
  })
  return { blocks }
}
