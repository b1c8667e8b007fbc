import { Router, type NextFunction, type Request, type Response } from 'express'
import PostalMime from 'postal-mime'
import type { CaughtMail, MailBox } from './mail-box.ts'
import { htmlOf, listPage, mailPage, mailStyle, type ReadMail } from './mail-page.ts'

/** Our own pages: nothing runs in them. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
/** A mail's HTML: its styles and pictures, and nothing that runs, also where it is opened by itself. */
const MAIL_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data: https: http:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"

/** `/dev/mail`: what the catcher holds, for a browser on this host. Anybody else finds nothing there. */
export function mailRoutes(box: MailBox): Router {
  const router = Router()
  router.use('/dev/mail', fromThisHost)
  router.get('/dev/mail', (_request, response) => {
    html(response, listPage(box.list()), PAGE_POLICY)
  })
  router.get('/dev/mail/style.css', (_request, response) => {
    response.type('css').send(mailStyle)
  })
  router.post('/dev/mail/clear', (request, response, next) => {
    if (request.get('sec-fetch-site') === 'cross-site') return next()
    box.clear()
    response.redirect(303, '/dev/mail')
  })
  router.get('/dev/mail/:id', (request, response, next) =>
    withMail(request, next, (found) => html(response, mailPage(found), PAGE_POLICY)),
  )
  router.get('/dev/mail/:id/html', (request, response, next) =>
    withMail(request, next, (found) => html(response, htmlOf(found), MAIL_POLICY)),
  )
  router.get('/dev/mail/:id/raw', (request, response, next) =>
    withMail(request, next, ({ mail }) => response.type('text/plain; charset=utf-8').send(mail.raw)),
  )
  router.get('/dev/mail/:id/attachments/:index', (request, response, next) =>
    withMail(request, next, ({ email }) => {
      const found = email.attachments[Number(request.params['index'])]
      if (found === undefined) return next()
      // Never shown in place: what is in it is not ours.
      response.attachment(found.filename ?? 'attachment').type('application/octet-stream')
      response.send(Buffer.from(found.content as Uint8Array))
    }),
  )
  return router

  async function withMail(request: Request, next: NextFunction, use: (found: ReadMail) => unknown): Promise<void> {
    const mail = box.get(String(request.params['id']))
    if (mail === undefined) next()
    else use(await read(mail))
  }
}

async function read(mail: CaughtMail): Promise<ReadMail> {
  return { mail, email: await PostalMime.parse(mail.raw) }
}

function html(response: Response, text: string, policy: string): void {
  response.set('content-security-policy', policy).type('html').send(text)
}

/** By the connection's other end, and by the name that the browser believes it speaks to: a page elsewhere could lend us its own. */
function fromThisHost(request: Request, _response: Response, next: NextFunction): void {
  const peer = request.socket.remoteAddress ?? ''
  const isHere = /^(?:::ffff:)?127\.\d+\.\d+\.\d+$|^::1$/.test(peer)
  if (isHere && /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i.test(request.get('host') ?? '')) next()
  else next('router')
}
