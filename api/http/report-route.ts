import { Router, type NextFunction, type Request, type Response } from 'express'
import { admitKeyless, type Admission } from './admission.ts'
import { bodyBytes } from './body-bytes.ts'
import type { Deps } from './deps.ts'
import { ApiError } from './errors.ts'
import { findChannel } from './find-channel.ts'
import type { Channel } from '../../definitions/catalog.ts'
import { readChannelSettings } from '../../channels/read-settings.ts'
import { HttpClient, NoAnswer } from '../../channels/http-client.ts'
import { HostList } from '../../settings/host-list.ts'
import { ReportRefused, type ReportReader, type ReportRequest } from '../../channels/reports/report.ts'
import { reportReaders } from '../../channels/reports/readers.ts'
import { NotSent, oneLine } from '../../channels/sender.ts'
import { applyReports } from '../../store/messages/apply-reports.ts'
import { z } from 'zod'

/** Reports come in lists; a larger one is refused with 413. */
const BODY_BYTES = 1_048_576
const PATH = '/v1/channels/:channel/events'
/** What is still being sent is recorded within seconds. */
const AGAIN_AFTER_S = 10
const FETCH_MS = 5_000

/**
 * `POST /v1/channels/{id}/events`: what providers report of messages. It asks for no key of Belay's: each is signed in its
 * provider's way, with a secret of the channel.
 */
export function reportRoute(
  deps: Pick<Deps, 'catalog' | 'store' | 'now' | 'outbox' | 'log' | 'reportHttp'>,
  admission: Admission,
): Router {
  const { store, now, outbox, log } = deps
  const router = Router()
  const fetch = fetcher(deps.reportHttp ?? new HttpClient({ allowPrivate: HostList.none }))
  const readerOf = (channelId: string) => {
    // Asked each time: a reload exchanges the catalog.
    const channel = findChannel(deps.catalog, channelId)
    const reader = channel === undefined ? undefined : reportReaders[channel.provider]
    if (channel === undefined || reader === undefined) throw new ApiError('resource_missing')
    return { channel, reader }
  }
  // One address may stand for all channels of an account: theirs are told apart by the provider alone.
  const reporterAt = ({ type, provider }: Channel) => ({
    channelType: type,
    others: deps.catalog.channels.filter((each) => each.provider !== provider).map(({ id }) => id),
  })
  // Nothing is read for a channel that takes no reports, nor more at once than there is room for.
  const known = (request: Request<{ channel: string }>, _response: Response, next: NextFunction) => {
    readerOf(request.params.channel)
    next()
  }
  router.post(PATH, known, admitKeyless(admission, BODY_BYTES), async (request, response) => {
    const { channel, reader } = readerOf(request.params.channel)
    const raw = await bodyBytes(request, response, BODY_BYTES)
    const reports = await (async () => {
      try {
        const url = new URL(request.originalUrl, 'http://belay.invalid')
        const header = (name: string) => request.get(name)
        return await reader.read({ body: raw, url, header, now: now(), fetch }, secretsOf(channel, reader))
      } catch (error) {
        if (!(error instanceof ReportRefused) && !(error instanceof NotSent)) throw error
        log.warn({ channel: channel.key, reason: error.message }, 'a report of a provider was refused')
        // The same for every reason: whoever guesses learns nothing.
        throw new ApiError('report_refused')
      }
    })()
    const short = reports.map((each) => ({ ...each, reason: each.reason === null ? null : oneLine(each.reason) }))
    const { moved, early } = await applyReports(store.db, short, reporterAt(channel), now(), outbox)
    if (early) response.status(503).set('retry-after', String(AGAIN_AFTER_S)).json({ moved })
    else response.json({ moved })
  })
  return router
}

/** Gets a certificate, or confirms a subscription: small, and soon, or the report is offered again. */
function fetcher(http: NonNullable<Deps['reportHttp']>): ReportRequest['fetch'] {
  return async (url) => {
    const { signal } = new AbortController()
    try {
      return await http.request({ url, method: 'GET', headers: {}, body: null, timeoutMs: FETCH_MS, signal })
    } catch (error) {
      if (error instanceof NoAnswer) throw new ReportRefused(`${url.hostname}: ${error.message}`)
      throw error
    }
  }
}

/** Only what the signature needs: an api has not been told of the channel's other variables. Throws NotSent. */
function secretsOf(channel: Channel, { needs }: ReportReader): Record<string, string> {
  const names = needs.map((name) => name.replace('?', ''))
  const settings = Object.fromEntries(Object.entries(channel.settings).filter(([name]) => names.includes(name)))
  const shape = Object.fromEntries(
    needs.map((name) => [name.replace('?', ''), name.endsWith('?') ? z.string().optional() : z.string()]),
  )
  const read = readChannelSettings(z.object(shape), { ...channel, settings }, process.env)
  return Object.fromEntries(Object.entries(read).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
