import { Router, type Request, type Response } from 'express'
import { admitKeyless, type Admission } from './admission.ts'
import type { Deps } from './deps.ts'
import { Links, type LinkKind, type SignedLink } from '../../channels/links.ts'
import { engage } from '../../store/messages/engagement.ts'
import { findMessages } from '../../store/messages/message-list.ts'
import { recipientReference } from '../../store/ids/recipient.ts'
import { transaction } from '../../store/postgres/database.ts'
import { layPreferenceSets } from '../../store/profiles/preference-sets.ts'

const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

/** Where the links in messages lead: no key is asked for, what they may do is signed into them. */
export function linkPages(
  { settings, store, now, outbox, log }: Pick<Deps, 'settings' | 'store' | 'now' | 'outbox' | 'log'>,
  admission: Admission,
): Router {
  const router = Router()
  const links = Links.of(settings)
  if (links === undefined) return router
  router.use('/l/unsubscribe/', admitKeyless(admission, null))

  // Never throws: an open or a click is answered even where it cannot be recorded, which is logged, or where there is no room
  // to record it, which is not.
  const record = async (
    request: Request,
    response: Response,
    messageId: string,
    action: 'read' | 'link_clicked',
    link?: string,
  ) => {
    if (request.method !== 'GET') return
    const admitted = admission.tryEnter(request, response, null, 'keyless')
    if (admitted === null) return
    admitted.done()
    try {
      await engage(
        store.db,
        [messageId],
        action,
        { now: now(), metadata: link === undefined ? undefined : { link } },
        outbox,
      )
    } catch (error) {
      log.warn({ err: error, message: messageId }, `that a message was ${action} could not be recorded`)
    }
  }

  router.get('/l/open/:token', async (request, response) => {
    const link = linkOf('open', request, response)
    if (link === null) return
    await record(request, response, link.messageId, 'read')
    response.type('image/gif').set('cross-origin-resource-policy', 'cross-origin').send(PIXEL)
  })

  router.get('/l/click/:token', async (request, response) => {
    const link = linkOf('click', request, response)
    if (link === null) return
    await record(request, response, link.messageId, 'link_clicked', link.target)
    response.redirect(302, link.target)
  })

  // Software opens links to look at them: to look does nothing, and only a POST unsubscribes (RFC 8058).
  router.get('/l/unsubscribe/:token', (request, response) => {
    if (linkOf('unsubscribe', request, response) !== null) response.type('html').send(page(ASKS))
  })

  router.post('/l/unsubscribe/:token', async (request, response) => {
    const link = linkOf('unsubscribe', request, response)
    if (link === null) return
    const [message] = await findMessages(store.db, [link.messageId])
    if (message !== undefined) {
      const sets = { default: { strategy: 'merge' as const, set: { commercial_subscribed: false } } }
      const recipient = recipientReference(message.recipient)
      await transaction(store.db, (tx) => layPreferenceSets(tx, [{ recipient, sets }]))
    }
    response.type('html').send(page(DONE))
  })

  return router

  function linkOf(kind: LinkKind, request: Request, response: Response): SignedLink | null {
    const link = links!.read(kind, String(request.params['token']))
    if (link === null) response.status(404).type('html').send(page('<h1>This link is not valid</h1>'))
    return link
  }
}

const ASKS = `<h1>Unsubscribe</h1>
<p>You will get no more commercial messages.</p>
<form method="post"><button>Unsubscribe</button></form>`
const DONE = '<h1>Unsubscribed</h1>\n<p>You will get no more commercial messages.</p>'

function page(main: string): string {
  const title = /<h1>([^<]*)/.exec(main)![1]!
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<main>
${main}
</main>
</html>
`
}
