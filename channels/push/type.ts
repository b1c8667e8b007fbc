import { escapeHtml } from '../../templates/escape.ts'
import { filledTexts } from '../api-content.ts'
import type { ChannelTypeEntry } from '../channel-type.ts'
import { howMany } from '../how-many.ts'
import { jsonFile, pre } from '../preview-page.ts'
import { remarksOnTexts } from '../remarks.ts'
import { apns } from './apns.ts'
import { renderPush, type PushContent } from './content.ts'
import { expo } from './expo.ts'
import { fcm } from './fcm.ts'
import { devicesIn, devicesOf } from './push-tokens.ts'
import { pushOverrides, pushTemplate, type PushTemplate } from './template.ts'
import { webpush } from './web-push.ts'

declare module '../../definitions/channel-types.ts' {
  interface ChannelTypes {
    push: { template: PushTemplate; content: PushContent }
  }
}

/** A notification on each of the recipient's devices. */
export const push: ChannelTypeEntry<'push'> = {
  type: 'push',
  fallback: { key: 'push', name: 'Push', provider: null },
  providers: { fcm, apns, expo, webpush },
  sending: { reaches: (message) => howMany(devicesOf(message), 'device'), needsChannelData: true },
  template: pushTemplate,
  overrides: pushOverrides,
  inferredFrom: { ref: /^push/i, field: 'title' },
  remarks: ({ title, textBody }) => remarksOnTexts({ title, text_body: textBody }),
  render: renderPush,
  devices: devicesIn,
  preview(ref, content) {
    const { title, body, delivery_type: type } = content
    const shown =
      type === 'silent'
        ? '<p>silent: it shows nothing</p>'
        : `<div class="card"><b>${escapeHtml(title)}</b>${pre(body)}</div>`
    return { files: { [`${ref}.txt`]: `${title}\n${body}\n`, ...jsonFile(ref, content) }, shown }
  },
  summary: ({ title, body, delivery_type: type }) => ({
    label: type === 'silent' ? 'push, silent:' : 'push:',
    text: [title, body].filter((text) => text !== '').join(': '),
  }),
  resource: {
    typename: 'MessagePushContent',
    data: (content) => ({
      data: content['payload_overrides'] ?? null,
      ...content,
      ...filledTexts(content, 'token', 'title', 'body'),
    }),
  },
}
