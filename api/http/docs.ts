import { Router } from 'express'
import { docsPage, docsStyle, type ReadableDocument } from './docs-page.ts'
import { openApiDocument } from './openapi.ts'
import { routes } from '../routes/index.ts'

/** Nothing but its own style: the page has no script. */
const POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** `/openapi.json`, and a page to read it at `/docs/`. All of it is served from here. */
export function docs(): Router {
  const router = Router()
  const document = JSON.stringify(openApiDocument(routes))
  const page = docsPage(JSON.parse(document) as ReadableDocument)
  router.get('/openapi.json', (_request, response) => {
    response.type('json').send(document)
  })
  router.get('/docs', (request, response, next) => {
    // The page's links are relative to its folder.
    if (request.path.endsWith('/')) response.set('content-security-policy', POLICY).type('html').send(page)
    else if (request.path === '/docs') response.redirect(308, '/docs/')
    else next()
  })
  router.get('/docs/style.css', (_request, response) => {
    response.type('css').send(docsStyle)
  })
  return router
}
