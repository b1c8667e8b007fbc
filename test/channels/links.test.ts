import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { simpleParser } from 'mailparser'
import { Links } from '../../channels/links.ts'
import { createSenders } from '../../channels/senders.ts'
import { HostList } from '../../settings/host-list.ts'
import type { EmailContent, EmailSettings } from '../../channels/email/content.ts'
import { escapeHtml } from '../../templates/escape.ts'
import { UNSUBSCRIBE_URL } from '../../templates/unsubscribe.ts'
import { smtpReceiver } from '../../testing/servers/smtp-receiver.ts'

const SECRET = 'a secret of more than thirty-two characters'
const ID = '2aBcDeFgHiJkLmNoPqRsTuVwXyZ'
const links = new Links('https://notify.acme.example/', SECRET)
const tokenOf = (url: string) => url.split('/').at(-1)!

test('a link says what was signed, for its own kind alone, and not when one character of it is another', () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true }), fc.nat(), (target, place) => {
      const token = tokenOf(links.click(ID, target)!)
      assert.deepEqual(links.read('click', token), { messageId: ID, target })
      assert.equal(links.read('unsubscribe', token), null)
      const at = place % token.length
      const other = token[at] === 'A' ? 'B' : 'A'
      const changed = links.read('click', token.slice(0, at) + other + token.slice(at + 1))
      // The last character of base64 has bits that say nothing.
      if (changed !== null) assert.deepEqual(changed, { messageId: ID, target })
    }),
  )
  assert.equal(new Links('https://notify.acme.example', `${SECRET}!`).read('open', tokenOf(links.open(ID))), null)
  assert.equal(links.click(ID, `https://a.example/${'x'.repeat(1_500)}`), null)
})

/** Sends one mail as a worker does; answers how it ended and the mail as it is read. */
async function sent(html: string, given: { settings?: EmailSettings; channel?: object; links?: boolean } = {}) {
  const smtp = await smtpReceiver()
  const own = { BELAY_PUBLIC_URL: 'https://notify.acme.example', BELAY_LINK_SECRET: SECRET }
  const defaults = { SMTP_URL: smtp.url, BELAY_EMAIL_FROM: 'a@acme.example', BELAY_HTTP_ALLOW_PRIVATE: HostList.none }
  const senders = createSenders({ ...defaults, ...(given.links !== false && own) }, {})
  try {
    const content: EmailContent = { subject_line: 'Hi', html_body: html, text_body: html, settings: given.settings }
    const recipient = { reference: 'u1', properties: { email: 'ada@acme.example' } }
    const channel = {
      key: 'm',
      id: 'c',
      type: 'email' as const,
      name: 'M',
      provider: 'smtp',
      settings: { ...given.channel },
    }
    const attempt = { signal: new AbortController().signal, onHandedOver: () => undefined }
    const result = await senders.email.send({ messageId: ID, recipient, content }, channel, attempt)
    const mail = smtp.mails[0]
    return { result, parsed: mail === undefined ? undefined : await simpleParser(mail.raw), raw: mail?.raw ?? '' }
  } finally {
    await senders.close()
    await smtp.close()
  }
}

test('nothing is tracked unless it is asked for', async () => {
  const html = '<body><a href="https://a.example/x">x</a></body>'
  assert.equal(((await sent(html)).parsed!.html as string).trim(), html)
  const off = await sent(html, { settings: { link_tracking: false }, channel: { link_tracking: true } })
  assert.equal((off.parsed!.html as string).trim(), html)
})

test('tracked links lead over ours to where they led, what says no or is no web address stays, and a pixel ends the body', async () => {
  const html = `<html><body><a class="b" href="https://a.example/x?a=1&amp;b=${escapeHtml('"<')}">one</a>
<a href='http://b.example/'>two</a><a data-knock-no-track href="https://c.example/">three</a>
<a href="mailto:a@a.example">four</a><a href="https://d.example/?x=&euro;">five</a><a name="x">six</a></body></html>`
  const { parsed } = await sent(html, { channel: { link_tracking: true, open_tracking: true } })
  const read = parsed!.html as string
  const hrefs = [...read.matchAll(/href=["']([^"']*)["']/g)].map(([, href]) => href!)
  const targets = hrefs.map((href) => links.read('click', tokenOf(href))?.target ?? href)
  assert.deepEqual(targets, [
    'https://a.example/x?a=1&b="<',
    'http://b.example/',
    'https://c.example/',
    'mailto:a@a.example',
    'https://d.example/?x=&euro;',
  ])
  const [, pixel] = /<img src="([^"]*)" width="1" height="1" alt="" [^<>]*><\/body><\/html>/.exec(read.trim())!
  assert.deepEqual(links.read('open', tokenOf(pixel!)), { messageId: ID, target: '' })
})

test('commercial mail is left by one click, and its own link is the recipient’s', async () => {
  const settings = { commercial: true as const, link_tracking: true }
  const { parsed, raw } = await sent(`<a href="${UNSUBSCRIBE_URL}">no more</a>`, { settings })
  const [, url] = /^List-Unsubscribe: <([^>]*)>\r?$/m.exec(raw.replace(/\r\n /g, ' '))!
  assert.match(raw, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m)
  assert.deepEqual(links.read('unsubscribe', tokenOf(url!)), { messageId: ID, target: '' })
  assert.equal((parsed!.html as string).trim(), `<a href="${url}">no more</a>`)
  assert.doesNotMatch((await sent('<p>x</p>')).raw, /List-Unsubscribe/)
})

test('without an address of its own nothing dead is sent, and what was asked for in vain is kept with the message', async () => {
  const dead = await sent(`<a href="${UNSUBSCRIBE_URL}">no more</a>`, { links: false })
  assert.equal(dead.result.kind, 'not_sent')
  assert.match('reason' in dead.result ? dead.result.reason : '', /BELAY_PUBLIC_URL and BELAY_LINK_SECRET/)
  const off = 'off: BELAY_PUBLIC_URL and BELAY_LINK_SECRET are not set'
  const { result } = await sent('<p>x</p>', { links: false, settings: { commercial: true, open_tracking: true } })
  assert.deepEqual([result.filled?.['tracking'], result.filled?.['unsubscribe']], [off, off])
})

test('every address that is tracked leads back to itself, whatever letters it is of', () => {
  const links = new Links('https://belay.example', 'secret')
  const tracked = (target: string) => {
    const address = links.click('id', target)
    return address === null ? null : links.read('click', address.replace('https://belay.example/l/click/', ''))?.target
  }
  for (const letter of ['a', 'ü', '字', '😀']) {
    for (const count of [1, 300, 374, 375, 499, 500, 749, 750, 1_100, 1_500]) {
      const target = `https://a.example/${letter.repeat(count)}`
      assert.ok([target, null].includes(tracked(target) ?? null), `${letter} ${count}`)
      assert.equal(tracked(target) === null, Buffer.byteLength(target) > 1_500, `${letter} ${count}`)
    }
  }
})
