import { filledTexts } from '../api-content.ts'
import type { ChannelTypeEntry } from '../channel-type.ts'
import { jsonFile, pre } from '../preview-page.ts'
import { remarksOnTexts } from '../remarks.ts'
import { renderSms, type SmsContent } from './content.ts'
import { phoneNumber } from './phone-number.ts'
import { smsOverrides, smsTemplate, type SmsTemplate } from './template.ts'
import { twilio } from './twilio.ts'
import { vonage } from './vonage.ts'

declare module '../../definitions/channel-types.ts' {
  interface ChannelTypes {
    sms: { template: SmsTemplate; content: SmsContent }
  }
}

/** A text message to a phone number. */
export const sms: ChannelTypeEntry<'sms'> = {
  type: 'sms',
  fallback: { key: 'sms', name: 'SMS', provider: null },
  providers: { twilio, vonage },
  sending: { reaches: phoneNumber },
  template: smsTemplate,
  overrides: smsOverrides,
  inferredFrom: { ref: /^(sms|text)/i },
  remarks: ({ textBody }) => remarksOnTexts({ text_body: textBody }),
  render: renderSms,
  preview: (ref, content) => ({
    files: { [`${ref}.txt`]: `${content.body}\n`, ...jsonFile(ref, content) },
    shown: `<div class="card">${pre(content.body)}</div>`,
  }),
  summary: ({ body }) => ({ label: 'sms:', text: body }),
  resource: {
    typename: 'MessageSmsContent',
    data: (content) => ({ ...content, ...filledTexts(content, 'to', 'body') }),
  },
}
