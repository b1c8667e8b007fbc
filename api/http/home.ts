import { Router } from 'express'
import type { Deps } from './deps.ts'
import { EXAMPLE, homePage, homeStyle } from './home-page.ts'
import { homeScript } from './home-script.ts'

/** `/` greets a browser with what this is and where to go; whoever asks for anything but HTML finds nothing there. */
export function home({ catalog, uiUrl, devMail }: Pick<Deps, 'catalog' | 'uiUrl' | 'devMail'>): Router {
  const router = Router()
  const page = homePage({ uiUrl, catchesMail: devMail !== undefined, hasExample: catalog.definitions.has(EXAMPLE) })
  router.get('/', (request, response, next) => {
    if (request.accepts(['json', 'html']) === 'html') response.type('html').send(page)
    else next()
  })
  router.get('/home.css', (_request, response) => {
    response.type('css').send(homeStyle)
  })
  router.get('/home.js', (_request, response) => {
    response.type('js').send(homeScript)
  })
  return router
}
