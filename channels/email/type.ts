import { escapeHtml } from '../../templates/escape.ts'
import { filledTexts } from '../api-content.ts'
import type { ChannelTypeEntry } from '../channel-type.ts'
import { pre } from '../preview-page.ts'
import { withChannelAddresses } from './channel-addresses.ts'
import type { EmailContent } from './content.ts'
import { remarksOnEmail } from './remarks-on-email.ts'
import { letterheadOf } from './letterhead.ts'
import { renderEmail } from './render.ts'
import { mailgun, postmark, resend, sendgrid, ses } from './smtp-presets.ts'
import { smtp, smtpProvider } from './smtp.ts'
import { emailOverrides, emailTemplate, misplacedMjml, type EmailTemplate } from './template.ts'

declare module '../../definitions/channel-types.ts' {
  interface ChannelTypes {
    email: { template: EmailTemplate; content: EmailContent }
  }
}

/** Stands for BELAY_EMAIL_FROM in a rehearsal. */
const SENDER = 'rehearsal@belay.invalid'

/** An e-mail over SMTP. */
export const email: ChannelTypeEntry<'email'> = {
  type: 'email',
  fallback: { key: 'email', name: 'Email', provider: 'smtp' },
  providers: {
    smtp: smtpProvider(smtp),
    ses: smtpProvider(ses),
    sendgrid: smtpProvider(sendgrid),
    postmark: smtpProvider(postmark),
    resend: smtpProvider(resend),
    mailgun: smtpProvider(mailgun),
  },
  sending: {
    reaches(message, { key, settings }) {
      // What stands in the environment of a worker is not known here.
      const known = Object.entries(settings).filter(([, value]) => typeof value === 'string' && !value.startsWith('$'))
      const { to } = letterheadOf(message, { ...Object.fromEntries(known), key }, SENDER)
      return to.map(({ address }) => address).join(', ')
    },
  },
  template: emailTemplate,
  overrides: emailOverrides,
  inferredFrom: { ref: /^e?-?mail/i, field: 'subject' },
  check: misplacedMjml,
  remarks: remarksOnEmail,
  render: renderEmail,
  atChannel: withChannelAddresses,
  preview(ref, { subject_line: subject, html_body: html, text_body: text }) {
    const frame = `<iframe title="${escapeHtml(ref)}" src="${escapeHtml(ref)}.html" sandbox width="700" height="600"></iframe>`
    const plain = `<details><summary>Text</summary>${pre(text ?? '')}</details>`
    return {
      files: { [`${ref}.html`]: html, [`${ref}.txt`]: text ?? '' },
      shown: `<p><b>${escapeHtml(subject)}</b></p>${frame}${plain}`,
    }
  },
  summary: ({ subject_line: subject }) => ({ label: 'email:', text: subject }),
  resource: {
    typename: 'MessageEmailContent',
    data: (content) => ({
      cc: null,
      bcc: null,
      reply_to: null,
      ...content,
      ...filledTexts(content, 'from', 'to', 'subject_line', 'html_body', 'text_body'),
    }),
  },
}
