import { Router } from 'express'
import type { SchemaState } from '../../store/postgres/schema-version.ts'
import type { Deps } from './deps.ts'

const STORE_DEADLINE_MS = 2_000

/**
 * `/healthz`: the process answers. `/readyz`: 200 while the store answers and holds the tables of this version, since a
 * cancel must work while Temporal is away; its body names each part `ok` or `away` (the store also `not_migrated`,
 * `read_only` and `full`), and has `warnings` where there are any.
 */
export function health({
  store,
  temporal,
  draining,
  warnings,
}: Pick<Deps, 'store' | 'temporal' | 'draining' | 'warnings'>): Router {
  const router = Router()
  let asked: Promise<SchemaState> | undefined
  // However often it is asked, once at a time.
  const schema = () => (asked ??= store.schema().finally(() => (asked = undefined)))
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' })
  })
  router.get('/readyz', async (_request, response) => {
    const ready = await stateOf(schema())
    const { server, worker } = temporal.status()
    const told = warnings()
    const body = {
      store: ready,
      temporal: server,
      worker,
      ...(draining.begun && { draining: true }),
      ...(told.length > 0 && { warnings: told }),
    }
    response.status(ready === 'ok' && !draining.begun ? 200 : 503).json(body)
  })
  return router
}

type StoreState = 'ok' | 'away' | 'not_migrated' | 'read_only' | 'full'

const STATES = {
  current: 'ok',
  missing: 'not_migrated',
  old: 'not_migrated',
  read_only: 'read_only',
  full: 'full',
} as const satisfies Record<SchemaState, StoreState>

async function stateOf(schema: Promise<SchemaState>): Promise<StoreState> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<'away'>((resolve) => {
    timer = setTimeout(resolve, STORE_DEADLINE_MS, 'away')
  })
  const answered = schema.then(
    (state) => STATES[state],
    () => 'away' as const,
  )
  return Promise.race([answered, deadline]).finally(() => clearTimeout(timer))
}
