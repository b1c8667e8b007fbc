import type { Email } from 'postal-mime'
import type { CaughtMail } from './mail-box.ts'

/** A mail with what was read of it. */
export interface ReadMail {
  mail: CaughtMail
  email: Email
}

const escaped = (text: string) => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)

function page(title: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="stylesheet" href="/dev/mail/style.css">
<main>
${main}
</main>
</html>
`
}

/** All mails, newest first. */
export function listPage(mails: readonly CaughtMail[]): string {
  const rows = mails.map(
    (mail) =>
      `<tr><td><a href="/dev/mail/${mail.id}">${escaped(mail.subject)}</a></td>` +
      `<td>${escaped(mail.to.join(', '))}</td><td>${timeOf(mail)}</td></tr>`,
  )
  const table = `<table><thead><tr><th>Subject</th><th>To</th><th>At</th></tr></thead><tbody>${rows.join('\n')}</tbody></table>
<form method="post" action="/dev/mail/clear"><button>Forget all</button></form>`
  return page(
    'Caught mail',
    `<h1>Caught mail</h1>
<p>E-mail goes nowhere while no <code>SMTP_URL</code> is set: it is caught here, and forgotten when Belay stops.
<a href="/dev/mail">Look again</a></p>
${mails.length === 0 ? '<p>Nothing yet.</p>' : table}`,
  )
}

/** One mail: its HTML in a frame that runs nothing, then text, attachments and headers. */
export function mailPage({ mail, email }: ReadMail): string {
  const frame =
    email.html === undefined
      ? ''
      : `<h2>HTML</h2>\n<iframe title="The mail's HTML" sandbox="allow-popups allow-popups-to-escape-sandbox" src="/dev/mail/${mail.id}/html"></iframe>`
  const attachments = email.attachments.map(
    ({ filename, mimeType }, index) =>
      `<li><a href="/dev/mail/${mail.id}/attachments/${index}">${escaped(filename ?? `attachment ${index + 1}`)}</a> ${escaped(mimeType)}</li>`,
  )
  const headers = email.headers.map(({ originalKey, value }) => `${originalKey}: ${value}`)
  return page(
    mail.subject,
    `<p><a href="/dev/mail">All mail</a></p>
<h1>${escaped(mail.subject)}</h1>
<p>To ${escaped(mail.to.join(', '))}, from ${escaped(mail.from)}, ${timeOf(mail)}. <a href="/dev/mail/${mail.id}/raw">Source</a></p>
${frame}
${attachments.length === 0 ? '' : `<h2>Attachments</h2>\n<ul>${attachments.join('\n')}</ul>`}
<h2>Text</h2>
<pre>${escaped(email.text ?? '')}</pre>
<h2>Headers</h2>
<pre>${escaped(headers.join('\n'))}</pre>`,
  )
}

/** A mail's HTML, its inline pictures in it. */
export function htmlOf({ email }: ReadMail): string {
  const byId = new Map(email.attachments.map((each) => [each.contentId?.replace(/^<|>$/g, ''), each]))
  return (email.html ?? '').replace(/\bcid:([^"'\s)<>]{1,500})/g, (reference, id: string) => {
    const found = byId.get(id) ?? byId.get(decoded(id))
    if (found === undefined || !/^image\/[a-z0-9.+-]+$/i.test(found.mimeType)) return reference
    return `data:${found.mimeType};base64,${Buffer.from(found.content as Uint8Array).toString('base64')}`
  })
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id)
  } catch {
    return id
  }
}

function timeOf({ receivedAt }: CaughtMail): string {
  const at = receivedAt.toISOString()
  return `<time datetime="${at}">${at.slice(0, 19).replace('T', ' ')} UTC</time>`
}

export const mailStyle = `body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; color: #1c2330; background: #f6f7f9 }
main { max-width: 64rem; margin: 1.5rem auto; padding: 1.5rem 2rem; background: #fff; border-radius: .75rem; box-shadow: 0 1px 4px #0002 }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; overflow-wrap: anywhere } h2 { margin: 1.5rem 0 .5rem; font-size: 1.1rem } a { color: #0b5cad }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .4rem .5rem; border-bottom: 1px solid #e3e6eb; overflow-wrap: anywhere }
iframe { width: 100%; height: 36rem; border: 1px solid #98a2b3; border-radius: .35rem; background: #fff }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .75rem; background: #f6f7f9; border-radius: .35rem; font-size: .875rem }
button { font: inherit; margin-top: 1rem; padding: .35rem .9rem; border: 1px solid #0b5cad; border-radius: .35rem; background: #fff; color: #0b5cad; cursor: pointer }
@media (max-width: 40rem) { main { margin: 0; padding: 1rem; border-radius: 0 } }
`
