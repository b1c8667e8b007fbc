import { Router } from 'express'
import type { Deps } from './deps.ts'

const STORE_DEADLINE_MS = 2_000

/**
 * `/healthz`: the process answers. `/readyz`: 200 while the store answers, since a cancel must work while Temporal is
 * away; its body names each part `ok` or `away`, and has `warnings` where there are any.
 */
export function health({ store, temporal, warnings }: Pick<Deps, 'store' | 'temporal' | 'warnings'>): Router {
  const router = Router()
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' })
  })
  router.get('/readyz', async (_request, response) => {
    const ready = await answers(store.ping())
    const { server, worker } = temporal.status()
    const told = warnings()
    const body = { store: ready ? 'ok' : 'away', temporal: server, worker, ...(told.length > 0 && { warnings: told }) }
    response.status(ready ? 200 : 503).json(body)
  })
  return router
}

async function answers(ping: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, STORE_DEADLINE_MS, false)
  })
  const answered = ping.then(
    () => true,
    () => false,
  )
  return Promise.race([answered, deadline]).finally(() => clearTimeout(timer))
}
