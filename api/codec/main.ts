import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createLog } from '../../settings/log.ts'
import { readSettings, SettingsError } from '../../settings/settings.ts'
import { untilStopped } from '../../settings/stopping.ts'
import { listen } from '../../settings/listen.ts'
import { httpServer } from '../http/front.ts'
import { createCodecApp } from './codec-app.ts'

/** `npm run codec`: lets Temporal's Web UI and CLI show payloads that BELAY_PAYLOAD_KEYS encrypted. */
async function main(): Promise<void> {
  const stopping = untilStopped({ onHangup: () => undefined })
  const { signal } = stopping
  const settings = readSettings()
  if (settings.BELAY_PAYLOAD_KEYS.size === 0) throw new SettingsError('BELAY_PAYLOAD_KEYS is needed by npm run codec')
  const log = createLog(settings)
  stopping.useLog(log)
  const server = httpServer().on('request', createCodecApp(settings))
  await listen(server, { variable: 'PORT', hostVariable: 'HOST', host: settings.HOST, port: settings.PORT })
  const { port } = server.address() as AddressInfo
  log.info({ url: `http://${settings.HOST}:${port}` }, 'codec server listens')
  if (!signal.aborted) await once(signal, 'abort')
  server.closeAllConnections()
  server.close()
  process.exit(stopping.exitCode())
}

main().catch((error: unknown) => {
  console.error(error instanceof SettingsError ? error.message : error)
  process.exit(1)
})
