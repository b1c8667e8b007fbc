import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import express from 'express'
import { createTransport, type SendMailOptions } from 'nodemailer'
import { pino } from 'pino'
import { MailBox } from '../../embedded/mail/mail-box.ts'
import { mailRoutes } from '../../embedded/mail/mail-routes.ts'
import { startSmtpCatcher } from '../../embedded/mail/smtp-catcher.ts'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

async function catcher(t: TestContext) {
  const box = new MailBox()
  const smtp = await startSmtpCatcher(box, pino({ level: 'silent' }))
  const server = express().use(mailRoutes(box)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const transport = createTransport(smtp.url)
  t.after(async () => {
    transport.close()
    server.close()
    await smtp.close()
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const post = (mail: SendMailOptions) => transport.sendMail({ from: 'a@acme.example', ...mail })
  const page = async (path: string) => (await fetch(url + path)).text()
  return { box, url, port, post, page }
}

test('a caught mail stands in the list, and its page shows HTML in a frame, text, headers and attachments', async (t) => {
  const { post, page, url, box } = await catcher(t)
  await post({
    to: 'ada@acme.example',
    bcc: 'eve@acme.example',
    subject: 'Rain <b>& sun</b>',
    html: '<p>Hello <img src="cid:sun"></p>',
    text: 'Hello </pre><script>',
    attachments: [
      { filename: 'sun.png', content: PNG, cid: 'sun' },
      { filename: 'plan.txt', content: 'by noon' },
    ],
  })
  const list = await page('/dev/mail')
  assert.match(list, /Rain &#60;b&#62;&#38; sun&#60;\/b&#62;/)
  assert.match(list, /ada@acme\.example, eve@acme\.example/)

  const { id } = box.list()[0]!
  const shown = await page(`/dev/mail/${id}`)
  assert.match(shown, new RegExp(`<iframe [^>]*sandbox="[^"]*"[^>]* src="/dev/mail/${id}/html">`))
  assert.match(shown, /Hello &#60;\/pre&#62;&#60;script&#62;/)
  assert.match(shown, /plan\.txt/)
  assert.match(shown, /Message-ID: &#60;/)
  assert.equal((await page(`/dev/mail/${id}/attachments/1`)).trim(), 'by noon')
  assert.match(await page(`/dev/mail/${id}/raw`), /^Content-Type: multipart/m)

  const html = await fetch(`${url}/dev/mail/${id}/html`)
  assert.match(html.headers.get('content-security-policy')!, /default-src 'none'.*sandbox allow-popups/)
  assert.equal((await html.text()).trim(), `<p>Hello <img src="data:image/png;base64,${PNG.toString('base64')}"></p>`)
})

test('the box forgets the oldest first, by number and by bytes, and all when asked', async (t) => {
  const { post, page, url, box } = await catcher(t)
  for (let number = 0; number < 203; number++) {
    const mail = { receivedAt: new Date(), from: '', to: [], subject: `mail ${number}`, raw: Buffer.from('x') }
    box.add(mail)
  }
  assert.deepEqual([box.list().length, box.list().at(-1)?.subject], [200, 'mail 3'])
  const large = { receivedAt: new Date(), from: '', to: [], subject: 'large', raw: Buffer.alloc(30_000_000) }
  for (let number = 0; number < 4; number++) box.add(large)
  assert.deepEqual(
    box.list().map(({ subject }) => subject),
    ['large', 'large'],
  )
  await assert.rejects(post({ to: 'a@acme.example', text: 'x'.repeat(34_000_000) }), /552|size/i)
  await fetch(`${url}/dev/mail/clear`, { method: 'POST' })
  assert.match(await page('/dev/mail'), /Nothing yet/)
})

test('whoever comes by another name than this host’s finds nothing', async (t) => {
  const { port, post, box } = await catcher(t)
  await post({ to: 'a@acme.example', subject: 'secret', text: 'secret' })
  const status = async (host: string, path = '/dev/mail') => {
    const request = httpRequest({ host: '127.0.0.1', port, path, headers: { host } }).end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const body = await text(response)
    assert.ok(response.statusCode === 200 || !body.includes('secret'))
    return response.statusCode
  }
  assert.equal(await status(`localhost:${port}`), 200)
  assert.equal(await status('evil.example'), 404)
  assert.equal(await status('127.0.0.1.evil.example'), 404)
  assert.equal(await status('evil.example', `/dev/mail/${box.list()[0]!.id}`), 404)
})
