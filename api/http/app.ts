import express, { type Express, type Request, type Response, type NextFunction } from 'express'
import helmet from 'helmet'
import { randomUUID } from 'node:crypto'
import { pinoHttp } from 'pino-http'
import { logError } from '../../settings/log-error.ts'
import { Admission } from './admission.ts'
import { allowedMethods } from './allowed-methods.ts'
import { authenticate, type KnownKey } from './auth.ts'
import { authorize, namesNobody } from './authorize.ts'
import type { ApiCaller } from './caller.ts'
import { cors } from './cors.ts'
import type { Deps } from './deps.ts'
import { docs } from './docs.ts'
import { answerError } from './error-handler.ts'
import { ApiError } from './errors.ts'
import { hasHungUp } from './has-hung-up.ts'
import { health } from './health.ts'
import { home } from './home.ts'
import { inPipeline } from './in-pipeline.ts'
import { measure } from './measure.ts'
import { metricsPage } from './metrics-page.ts'
import { meantParams } from './meant-params.ts'
import { linkPages } from './link-pages.ts'
import { parseInput } from './input.ts'
import { RateLimits } from './rate-limits.ts'
import { notImplemented } from './not-implemented.ts'
import { parseQuery } from './parse-query.ts'
import { LARGE_BODY, readBody, SMALL_BODY } from './read-body.ts'
import { reportRoute } from './report-route.ts'
import { Reply, type Route } from './route.ts'
import { endUnreadBodies } from './unread-body.ts'
import { traceOf, traceRequests } from './trace-requests.ts'
import { warnOfUnknown } from './warn-of-unknown.ts'
import { routes } from '../routes/index.ts'

/** The API as an Express app; it listens nowhere by itself, so that tests and the embedded start mount it as they like. */
export function createApp(deps: Deps): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('query parser', parseQuery)
  app.use((request: Request, response: Response, next: NextFunction) => {
    request.id = randomUUID()
    response.setHeader('x-request-id', request.id)
    response.setHeader('cache-control', 'no-store')
    next()
  })
  app.use(inPipeline)
  app.use(measure)
  app.use(traceRequests)
  app.use(endUnreadBodies)
  app.use(pinoHttp({ logger: deps.log, ...logOptions }))
  // This process speaks plain http: a browser told to upgrade would look for it on https and find nothing.
  app.use(helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } }))
  app.use((request: Request, _response: Response, next: NextFunction) => {
    if (request.get('host') !== undefined || request.httpVersion === '1.0') next()
    else throw new ApiError('malformed_request', { message: 'A request needs a Host header' })
  })
  app.use(health(deps))
  app.use(metricsPage(deps))
  app.use(docs())
  app.use(home(deps))
  if (deps.devMail !== undefined) app.use(deps.devMail)
  const admission = new Admission()
  app.use(linkPages(deps, admission))
  app.use(reportRoute(deps, admission))
  app.use('/v1', cors(deps.settings), authenticate(deps.findKey))
  app.use(notImplemented(routes))
  app.use(allowedMethods(routes))
  const rates = new RateLimits(deps)
  // Literal parts stand before names: /messages/batch/content is no message's.
  const namesIn = ({ path }: Route) => path.split(':').length
  for (const route of [...routes].sort((a, b) => namesIn(a) - namesIn(b))) {
    if (route.access === 'user' && namesNobody(route) && route.asksWhose !== true)
      throw new TypeError(`${route.path}: whose things it touches is not asked`)
    app[route.method](route.path, (request, response) => admit({ admission, rates }, route, deps, request, response))
  }
  app.use((request, response) => {
    response.status(404).setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ errors: { detail: '404 Not Found' }, request_id: request.id }))
  })
  app.use(answerError(deps.log))
  return app
}

interface Bounds {
  admission: Admission
  rates: RateLimits
}

async function admit({ admission, rates }: Bounds, route: Route, deps: Deps, request: Request, response: Response) {
  const caller = await authorize(route, request, response.locals['key'] as KnownKey, deps)
  const isLarge = route.largeBody === true
  // Where a route takes no body, what SDKs send all the same is not read.
  const limits = route.body === undefined ? null : isLarge ? LARGE_BODY : SMALL_BODY
  const admitted = admission.enter(request, response, limits, isLarge ? 'large' : 'plain')
  try {
    await rates.count(route, request.params as Record<string, string>, caller)
    const read = limits === null ? null : await readBody(request, response, limits)
    admitted.begin(read?.bytes ?? 0)
    // They ask again, and are not to wait for work whose answer nobody reads.
    if (await hasHungUp(request)) return
    await run(route, { ...deps, caller, mutex: admitted.notWaitingIn(deps.mutex) }, request, response, read?.value)
  } finally {
    admitted.done()
  }
}

async function run(
  route: Route,
  deps: Deps & { caller: ApiCaller },
  request: Request,
  response: Response,
  body: unknown,
): Promise<void> {
  const parsed = parseInput(route, request, body)
  const input = { ...parsed, params: await meantParams(route, parsed.params, deps) }
  const requestId = request.id as string
  const answer = await route.handle(input, {
    ...deps,
    requestId,
    apiKey: deps.caller.name,
    traced: traceOf(response),
    header: (name) => request.get(name),
  })
  const reply = answer instanceof Reply ? answer : new Reply(answer)
  warnOfUnknown(route, body, reply, response, { log: deps.log, requestId })
  response.status(reply.status).set(reply.headers)
  if (reply.body === undefined) response.end()
  else response.json(reply.body)
}

/** Method, path and status; never a body, a query or a header, since they hold addresses and keys. */
const logOptions = {
  genReqId: (request: { id?: unknown }) => request.id as string,
  quietReqLogger: true,
  customLogLevel: (_request: unknown, response: { statusCode: number }, error?: Error) =>
    (response.statusCode >= 500 && response.statusCode !== 503) || error !== undefined
      ? ('error' as const)
      : ('debug' as const),
  serializers: {
    err: logError,
    req: (request: { id: string; method: string; url: string }) => ({
      id: request.id,
      method: request.method,
      path: request.url.split('?')[0],
    }),
    res: (response: { statusCode: number }) => ({ status: response.statusCode }),
  },
}
