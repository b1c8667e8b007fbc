import { z } from 'zod'
import { escapeHtml } from '../../templates/escape.ts'
import type { ChannelTypeEntry } from '../channel-type.ts'
import { documentOf, jsonFile } from '../preview-page.ts'
import type { Provider } from '../provider.ts'
import { remarksOnMarkdown, remarksOnTexts } from '../remarks.ts'
import { renderFeed, type FeedBlock, type FeedContent } from './content.ts'
import { feedOverrides, feedTemplate, type FeedTemplate } from './template.ts'
import { withTrackedLinks } from './tracked-feed.ts'

declare module '../../definitions/channel-types.ts' {
  interface ChannelTypes {
    in_app_feed: { template: FeedTemplate; content: FeedContent; isItsRow: true }
  }
}

/** A row in the store is all there is to an in-app message. */
const rows: Provider<FeedContent> = {
  settings: z.strictObject({}),
  create: () => {
    throw new TypeError('an in-app message is its row: nothing sends it')
  },
}

/** A card in the feed of an app. */
export const inAppFeed: ChannelTypeEntry<'in_app_feed'> = {
  type: 'in_app_feed',
  fallback: { key: 'in-app-feed', name: 'In-app feed', provider: 'belay' },
  providers: { belay: rows },
  sending: null,
  template: feedTemplate,
  overrides: feedOverrides,
  inferredFrom: { ref: /^(in[-_]?app|feed)/i },
  remarks: ({ markdownBody, actionButtons }, { partials }) => [
    ...remarksOnMarkdown(['markdown_body'], markdownBody, partials),
    ...actionButtons.flatMap(({ label }, index) => remarksOnTexts({ label }, ['action_buttons', index])),
  ],
  render: renderFeed,
  tracked: withTrackedLinks,
  preview(ref, content) {
    const shown = `<div class="card">${content.blocks.map(blockOf).join('\n')}</div>`
    return { files: { [`${ref}.html`]: documentOf(ref, shown), ...jsonFile(ref, content) }, shown }
  },
  summary({ blocks }) {
    const body = blocks.find((block) => block.name === 'body')
    return { label: 'in-app:', text: body?.content ?? '' }
  },
  resource: { typename: 'MessageInAppFeedContent', data: (content) => ({ blocks: [], ...content }) },
}

function blockOf(block: FeedBlock): string {
  if (block.type === 'markdown') return block.rendered
  if (block.type === 'text') return `<p><a href="${escapeHtml(block.rendered)}">${escapeHtml(block.rendered)}</a></p>`
  return block.buttons
    .map(({ label, action }) => `<a class="button" href="${escapeHtml(action)}">${escapeHtml(label)}</a>`)
    .join(' ')
}
