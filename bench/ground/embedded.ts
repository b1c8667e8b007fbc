import { Client, Connection } from '@temporalio/client'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../embedded/ports.ts'
import { PUBLIC_KEY, SECRET_KEY } from '../../testing/product/api-server.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { runScript } from '../../testing/servers/process.ts'
import type { Bench } from '../bench.ts'
import { Caller } from './caller.ts'

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** `npm start`: everything in one process, PGlite for a store, the dev server with its file as a child. */
export async function benchEmbedded(bench: Bench): Promise<{ caller: Caller; temporal: Client }> {
  const [port, temporalPort, uiPort] = [await freePort(), await freePort(), await freePort()] as const
  const script = runScript(file('embedded/main.ts'), [], {
    PORT: String(port),
    TEMPORAL_DEV_PORT: String(temporalPort),
    TEMPORAL_DEV_UI_PORT: String(uiPort),
    BELAY_DATA_DIR: temporaryFolder(),
    BELAY_NOTIFICATIONS_DIR: file('bench/notifications'),
    BELAY_SECRET_KEY: SECRET_KEY,
    BELAY_PUBLIC_KEY: PUBLIC_KEY,
    LOG_LEVEL: 'warn',
    NODE_OPTIONS: '--max-semi-space-size=64',
  })
  bench.after(async () => {
    script.kill('SIGTERM')
    await script.ended
  })
  const url = `http://127.0.0.1:${port}`
  for (const deadline = Date.now() + 60_000; ; await wait(200)) {
    const ready = await fetch(`${url}/readyz`).catch(() => undefined)
    if (ready?.ok) break
    if (Date.now() > deadline) throw new Error(`the embedded start is not ready after a minute:\n${script.output()}`)
  }
  const caller = new Caller(url, SECRET_KEY)
  bench.after(() => caller.close())
  const connection = await Connection.connect({ address: `127.0.0.1:${temporalPort}` })
  bench.after(() => connection.close())
  return { caller, temporal: new Client({ connection }) }
}
