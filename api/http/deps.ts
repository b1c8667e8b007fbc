import type { Router } from 'express'
import type { Logger } from 'pino'
import type { HttpClient } from '../../channels/http-client.ts'
import type { Settings } from '../../settings/settings.ts'
import type { LiveCatalog } from '../../engine/live-catalog.ts'
import type { EngineDeps } from '../../engine/deps.ts'
import type { FindKey } from './auth.ts'
import type { Draining } from './draining.ts'
import type { Scrape } from '../../metrics/scrape.ts'
import type { TemporalLink } from '../../temporal/temporal-link.ts'

/** What the API works with; a test gives its own. */
export interface Deps extends EngineDeps {
  /** Where `catalog` comes from: a reload replaces it. */
  live: LiveCatalog
  settings: Settings
  findKey: FindKey
  temporal: TemporalLink
  log: Logger
  /** Temporal's Web UI, where this process knows it: it runs it itself. */
  uiUrl: string | undefined
  /** Pages at `/dev/mail`, where this process catches e-mail. */
  devMail?: Router | undefined
  /** How certificates of providers' reports are fetched; a test gives its own. Absent: from public addresses. */
  reportHttp?: Pick<HttpClient, 'request'> | undefined
  /** Whether this api is leaving: `/readyz` answers 503. */
  draining: Pick<Draining, 'begun'>
  /** What Prometheus reads. */
  scrape: Scrape
  /** What an operator must know though requests are answered, as sentences for `/readyz`. */
  warnings: () => string[]
}
