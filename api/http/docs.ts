import { Router, static as files } from 'express'
import { absolutePath } from 'swagger-ui-dist'
import { openApiDocument } from './openapi.ts'
import { routes } from '../routes/index.ts'

const initializer = `window.ui = SwaggerUIBundle({
  url: '../../openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
})
`

/** `/openapi.json`, and a page to read and try it at `/docs/`. All files are served from here. */
export function docs(): Router {
  const router = Router()
  const document = JSON.stringify(openApiDocument(routes))
  router.get('/openapi.json', (_request, response) => {
    response.type('json').send(document)
  })
  router.get('/docs/swagger-initializer.js', (_request, response) => {
    response.type('js').send(initializer)
  })
  router.use('/docs', files(absolutePath()))
  return router
}
