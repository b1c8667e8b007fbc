import type { Logger } from 'pino'
import type { Catalog } from '../../definitions/catalog.ts'
import type { Settings } from '../../settings/settings.ts'
import type { Store } from '../../store/postgres/database.ts'
import type { Outbox } from '../../events/outbox.ts'
import type { Signaler } from '../../temporal/signaler.ts'
import type { Draining } from './draining.ts'
import type { TemporalLink } from '../../temporal/temporal-link.ts'
import type { Turns } from '../../engine/keyed-mutex.ts'

/** What the API works with; a test gives its own. */
export interface Deps {
  settings: Settings
  store: Store
  catalog: Catalog
  signaler: Signaler
  temporal: TemporalLink
  /** What is to be told to BELAY_WEBHOOKS. */
  outbox: Outbox
  log: Logger
  /** Requests for one run wait for each other here rather than in the store. */
  turns: Turns
  /** Temporal's Web UI, where this process knows it: it runs it itself. */
  uiUrl: string | undefined
  /** Epoch milliseconds by the store's clock: the one that counts for every instant. */
  now: () => number
  /** Whether this api is leaving: `/readyz` answers 503. */
  draining: Pick<Draining, 'begun'>
  /** What an operator must know though requests are answered, as sentences for `/readyz`. */
  warnings: () => string[]
}
