import { createHmac } from 'node:crypto'
import { NativeConnection, type WorkflowBundleOption } from '@temporalio/worker'
import type { Logger } from 'pino'
import { FEED_TYPE } from '../channels/in-app-feed/feed-type.ts'
import { startApi } from '../api/http/server.ts'
import { catalogAtStart } from '../definitions/at-start.ts'
import { folderReader } from '../definitions/read-catalog.ts'
import type { Settings } from '../settings/settings.ts'
import { openClock } from '../store/clock/open-clock.ts'
import { openPglite, type Store } from '../store/postgres/database.ts'
import { pooledBy } from '../store/postgres/pooled.ts'
import { openReachablePostgres } from '../store/postgres/reachable.ts'
import { openConnection } from '../temporal/connection.ts'
import { registerWithTemporal } from '../temporal/register.ts'
import { startWorker } from '../worker/worker.ts'
import { resolveTemporalCli } from './binaries.ts'
import { openDataFolder } from './data-folder.ts'
import { NAMESPACE, startDevServer } from './dev-server.ts'
import { readKeys, type Keys } from './keys/kept-keys.ts'
import { endLingeringServer } from './lingering.ts'
import { MailBox } from './mail/mail-box.ts'
import { mailRoutes } from './mail/mail-routes.ts'
import { CAUGHT_FROM, startSmtpCatcher } from './mail/smtp-catcher.ts'
import { stateOf, watchFolder } from './watch-folder.ts'
import { checkPorts, freePort } from './ports.ts'

export interface Embedded extends Keys {
  apiUrl: string
  uiUrl: string
  /** Where caught e-mail is read; undefined: SMTP_URL names a server. */
  mailUrl: string | undefined
  temporalAddress: string
  namespace: string
  /** Keys of the active definitions, in their order. */
  definitions: readonly string[]
  /** The first in-app feed of channels.json. */
  feedChannelId: string | undefined
  /** Rejects if the worker dies; nothing else here ends by itself. */
  workerStopped: Promise<void>
  stop(): Promise<void>
}

export interface EmbeddedOptions {
  /** Aborted: the start stops between two steps. */
  signal?: AbortSignal
  /** The workflow code; absent: built now, from the sources. */
  bundle?: WorkflowBundleOption
}

/**
 * Everything in this process, with Temporal's dev server as its child. What is needed to accept comes last: once the api
 * listens, store, Temporal and worker have all answered.
 */
export async function startEmbedded(
  settings: Settings,
  log: Logger,
  { signal, bundle }: EmbeddedOptions = {},
): Promise<Embedded> {
  const closers: [name: string, close: () => Promise<void>][] = []
  async function stop(): Promise<void> {
    // The reverse of the start: the api first, the lock last. One that fails must not keep the others open.
    for (const [name, close] of closers.splice(0).reverse()) {
      log.debug(`closing ${name}`)
      await close().catch((error: unknown) => log.error({ err: error }, `closing ${name} failed`))
    }
  }
  function opened(name: string, close: () => Promise<void>): void {
    closers.push([name, close])
    signal?.throwIfAborted()
  }

  try {
    const folder = await openDataFolder(settings.BELAY_DATA_DIR)
    opened('the data folder', () => folder.release())
    if (await endLingeringServer(folder.temporal)) log.warn('ended the Temporal server of an earlier start')
    await checkPorts([
      { variable: 'PORT', hostVariable: 'HOST', host: settings.HOST, port: settings.PORT },
      { variable: 'TEMPORAL_DEV_PORT', host: '127.0.0.1', port: settings.TEMPORAL_DEV_PORT },
      { variable: 'TEMPORAL_DEV_UI_PORT', host: '127.0.0.1', port: settings.TEMPORAL_DEV_UI_PORT },
    ])
    const keys = readKeys(folder.path, settings)
    // What is written while all else starts is taken up, too.
    const asRead = await stateOf(settings.BELAY_NOTIFICATIONS_DIR)
    const readFolder = folderReader(settings.BELAY_NOTIFICATIONS_DIR)
    const catalog = await catalogAtStart(readFolder)
    const cli = await resolveTemporalCli(settings)
    signal?.throwIfAborted()

    const store = await openStore(settings, folder.postgres, log)
    opened('the store', () => store.close())
    await store.migrate()
    const clock = await openClock(store.db, log)
    opened("the store's clock", () => clock.close())
    log.info({ store: store.kind, definitions: catalog.definitions.size }, 'the store is open')

    const server = await startDevServer({
      cli,
      dbFile: folder.temporal,
      port: settings.TEMPORAL_DEV_PORT || (await freePort()),
      uiPort: settings.TEMPORAL_DEV_UI_PORT || (await freePort()),
      log,
    })
    const { address, uiUrl } = server
    opened('the Temporal server', () => server.stop())
    const { connection, renew, close } = openConnection({ address })
    opened('the connection to Temporal', close)
    await registerWithTemporal({ connection, namespace: NAMESPACE, db: store.db, log, settings })
    log.info({ address, ui: uiUrl }, 'the Temporal server answers')

    const box = settings.SMTP_URL === undefined ? new MailBox() : undefined
    const catcher = box === undefined ? undefined : await startSmtpCatcher(box, log)
    if (catcher !== undefined) opened('the mail catcher', () => catcher.close())
    const sending =
      catcher === undefined ? {} : { SMTP_URL: catcher.url, BELAY_EMAIL_FROM: settings.BELAY_EMAIL_FROM ?? CAUGHT_FROM }

    // Links in messages lead to this start, unless the operator says otherwise.
    const linking = linkSettings(settings, keys.secretKey)
    const native = await NativeConnection.connect({ address })
    opened("the worker's connection", () => native.close())
    const worker = await startWorker({
      settings: { ...settings, ...sending, ...linking },
      store,
      clock,
      connection: native,
      namespace: NAMESPACE,
      log,
      bundle,
    })
    opened('the worker', () => worker.stop())
    log.info('the worker polls')

    const api = await startApi({
      settings: { ...settings, ...linking, BELAY_SECRET_KEY: keys.secretKey, BELAY_PUBLIC_KEY: keys.publicKey },
      store,
      clock,
      connection,
      renew,
      uiUrl,
      devMail: box === undefined ? undefined : mailRoutes(box),
      namespace: NAMESPACE,
      catalog,
      readFolder,
      log,
      awaitWorker: true,
    })
    opened('the api', () => api.close())
    const watch = watchFolder(settings.BELAY_NOTIFICATIONS_DIR, () => api.reload(), asRead)
    opened('the watch of the notifications folder', () => watch.close())
    log.info({ address: api.url }, 'the api listens')
    return {
      ...keys,
      apiUrl: api.url,
      uiUrl,
      mailUrl: catcher === undefined ? undefined : `${api.url}/dev/mail`,
      temporalAddress: address,
      namespace: NAMESPACE,
      definitions: [...catalog.definitions.values()].flatMap(({ definition: { key, active } }) =>
        active ? [key] : [],
      ),
      feedChannelId: catalog.channels.find((channel) => channel.type === FEED_TYPE)?.id,
      workerStopped: worker.stopped,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function linkSettings(settings: Settings, secretKey: string): Pick<Settings, 'BELAY_PUBLIC_URL' | 'BELAY_LINK_SECRET'> {
  const { BELAY_PUBLIC_URL, BELAY_LINK_SECRET, PORT } = settings
  return {
    BELAY_PUBLIC_URL: BELAY_PUBLIC_URL ?? (PORT === 0 ? undefined : `http://127.0.0.1:${PORT}`),
    BELAY_LINK_SECRET: BELAY_LINK_SECRET ?? createHmac('sha256', secretKey).update('belay links').digest('hex'),
  }
}

async function openStore(settings: Settings, folder: string, log: Logger): Promise<Store> {
  if (settings.DATABASE_URL === undefined) return openPglite(folder)
  return openReachablePostgres(settings.DATABASE_URL, { ...pooledBy(settings), log })
}
