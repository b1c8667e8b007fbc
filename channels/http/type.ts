import type { ChannelTypeEntry } from '../channel-type.ts'
import { jsonFile, pre } from '../preview-page.ts'
import { renderHttp, shownHttp, type HttpContent } from './content.ts'
import { assertListed, httpProvider } from './request-sender.ts'
import { httpTemplate, type HttpTemplate } from './template.ts'

declare module '../../definitions/channel-types.ts' {
  interface ChannelTypes {
    http: { template: HttpTemplate; content: HttpContent }
  }
}

/** A request to a server of the caller's. */
export const http: ChannelTypeEntry<'http'> = {
  type: 'http',
  fallback: { key: 'http', name: 'HTTP', provider: 'http' },
  providers: { http: httpProvider },
  sending: {
    reaches({ content }, channel, { BELAY_HTTP_SECRET_HOSTS: hosts }) {
      assertListed(content, channel, hosts)
      return content.url
    },
  },
  template: httpTemplate,
  overrides: null,
  inferredFrom: { ref: /^(http|webhook)/i },
  render: renderHttp,
  preview: (ref, content) => ({
    files: jsonFile(ref, shownHttp(content)),
    shown: pre(`${content.method.toUpperCase()} ${content.url}\n\n${content.body ?? ''}`),
  }),
  summary: ({ method, url }) => ({ label: `http: ${method.toUpperCase()}`, text: url }),
  resource: { typename: 'MessageHttpContent', data: shownHttp },
}
