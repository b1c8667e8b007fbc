export const SMTP_URL_FORM = 'must be smtp://host or smtps://user:password@host, with :port if it is another'

/** Names a server: Nodemailer would take anything else for localhost, or fail at each send. */
export function isSmtpUrl(text: string): boolean {
  if (!/^smtps?:\/\//.test(text) || !URL.canParse(text)) return false
  return new URL(text).hostname !== ''
}
