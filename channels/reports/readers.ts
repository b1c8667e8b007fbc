import { mailgunReports } from './mailgun.ts'
import { postmarkReports } from './postmark.ts'
import type { ReportReader } from './report.ts'
import { resendReports } from './resend.ts'
import { sendgridReports } from './sendgrid.ts'
import { sesReports } from './ses.ts'
import { twilioReports } from './twilio.ts'

/** Who reports what became of messages, by the provider's name. */
export const reportReaders: Partial<Record<string, ReportReader>> = {
  twilio: twilioReports,
  sendgrid: sendgridReports,
  postmark: postmarkReports,
  resend: resendReports,
  mailgun: mailgunReports,
  ses: sesReports,
}
