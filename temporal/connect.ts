import { loadClientConnectConfig } from '@temporalio/envconfig'
import { NativeConnection } from '@temporalio/worker'
import type { Logger } from 'pino'
import { setTimeout as delay } from 'node:timers/promises'

const RETRY_MS = 1_000

/** Connects as the TEMPORAL_* variables say; a native connection is refused at once where the server is away, so it is tried until it is there. */
export async function connectWorker(
  log: Logger,
  stop: AbortSignal,
): Promise<{ connection: NativeConnection; namespace: string }> {
  const { connectionOptions, namespace } = loadClientConnectConfig()
  for (let told = false; ; told = true) {
    try {
      const connection = await NativeConnection.connect(connectionOptions)
      return { connection, namespace: namespace ?? 'default' }
    } catch (error) {
      stop.throwIfAborted()
      if (!told)
        log.warn({ err: error, address: connectionOptions.address }, 'Temporal is away; trying until it is there')
      await delay(RETRY_MS, undefined, { signal: stop })
    }
  }
}
