import { Router } from 'express'
import type { Deps } from './deps.ts'
import { EXAMPLE, homePage, homeStyle } from './home-page.ts'
import { homeScript } from './home-script.ts'

/** `/` greets a browser with what this is and where to go; whoever asks for anything but HTML finds nothing there. */
export function home(deps: Pick<Deps, 'catalog' | 'uiUrl' | 'devMail'>): Router {
  const router = Router()
  router.get('/', (request, response, next) => {
    if (request.accepts(['json', 'html']) !== 'html') return next()
    // The catalog is another one once the folder has been read anew.
    const hasExample = deps.catalog.definitions.get(EXAMPLE)?.definition.active === true
    response.type('html').send(homePage({ uiUrl: deps.uiUrl, catchesMail: deps.devMail !== undefined, hasExample }))
  })
  router.get('/home.css', (_request, response) => {
    response.type('css').send(homeStyle)
  })
  router.get('/home.js', (_request, response) => {
    response.type('js').send(homeScript)
  })
  return router
}
