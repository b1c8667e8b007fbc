import type { Client } from '@temporalio/client'
import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../store/postgres/database.ts'
import { runsAsleep, type RunAsleep } from '../../store/runs/runs-asleep.ts'
import type { StoreIdentity } from '../../workflows/store-identity.ts'
import { openRuns, patience, viewsOf, type Known, type Patience } from './open-runs.ts'

/**
 * `missing`: somebody sleeps, and no run is open for them. `differs`: a run is open, and knows of others, or of other
 * instants. `overdue`: it knows, and did not wake. `left over`: a run is open, and nobody sleeps in it. `foreign`: a run of
 * another store is open.
 */
export interface RunDifference {
  kind: 'missing' | 'differs' | 'overdue' | 'left over' | 'foreign'
  workflowId: string
  /** As the store has it; undefined where the store has no such run. */
  run: RunAsleep | undefined
  text: string
  /** It is open, and no worker answers for it. */
  isSilent: boolean
}

export interface Comparison {
  /** Runs with somebody asleep, in the store. */
  runs: number
  differences: RunDifference[]
  /** Open runs for which no worker answered: what they know was not compared. */
  silent: number
}

export interface CompareOptions {
  client: Client
  db: Database
  store: StoreIdentity
  /** The store's clock, epoch milliseconds. */
  now: () => number
}

const PAGE = 500
/** What differs while something is under way does not some seconds later. */
const AGAIN_MS = 3_000
const OVERDUE_MS = 2 * 60_000

/** Holds every run of the store against Temporal's, and the other way round. What is just changing is no difference. */
export async function compareRuns(options: CompareOptions): Promise<Comparison> {
  const { client, db } = options
  const open = await openRuns(client)
  const suspects = new Set(open)
  const asked = patience()
  let runs = 0
  for (let after = 0; ;) {
    const page = await runsAsleep(db, { after, limit: PAGE })
    const last = page.at(-1)
    if (last === undefined) break
    after = last.id
    const asleep = page.filter(({ pending }) => pending > 0)
    runs += asleep.length
    const views = await viewsOf(
      client,
      asleep.flatMap(({ workflowId }) => (open.has(workflowId) ? [workflowId] : [])),
      asked,
    )
    for (const run of asleep) {
      const { workflowId } = run
      if (differenceOf(options, run, views.get(workflowId) ?? 'closed') === undefined) suspects.delete(workflowId)
      else suspects.add(workflowId)
    }
  }
  if (suspects.size > 0) await delay(AGAIN_MS)
  return { runs, ...(await lookAgain(options, [...suspects], asked)) }
}

async function lookAgain(options: CompareOptions, suspects: readonly string[], asked: Patience) {
  const { client, db } = options
  const differences: RunDifference[] = []
  let silent = 0
  for (let from = 0; from < suspects.length; from += PAGE) {
    const workflowIds = suspects.slice(from, from + PAGE)
    const before = await byId(db, workflowIds)
    const views = await viewsOf(client, workflowIds, asked)
    const afterwards = await byId(db, workflowIds)
    for (const workflowId of workflowIds) {
      const [run, later] = [before.get(workflowId), afterwards.get(workflowId)]
      const isChanging = run?.pending !== later?.pending || run?.due !== later?.due
      const found = isChanging ? undefined : differenceOf(options, run, views.get(workflowId)!)
      if (found === undefined) continue
      if (found.kind === 'silent') silent += 1
      else
        differences.push({
          kind: found.kind,
          text: found.text,
          workflowId,
          run,
          isSilent: views.get(workflowId) === 'silent',
        })
    }
  }
  return { differences, silent }
}

async function byId(db: Database, workflowIds: readonly string[]): Promise<Map<string, RunAsleep>> {
  return new Map((await runsAsleep(db, { workflowIds })).map((run) => [run.workflowId, run]))
}

/** Undefined: they agree, or it cannot be told, since something is under way. */
function differenceOf(
  { store, now }: CompareOptions,
  run: RunAsleep | undefined,
  known: Known,
): { kind: RunDifference['kind'] | 'silent'; text: string } | undefined {
  const { pending = 0 } = run ?? {}
  const wanted = pending === 0 ? 'nobody sleeps' : `${pending} asleep, the first until ${instant(run!.due)}`
  if (typeof known === 'object' && known.store.id !== store.id) {
    return { kind: 'foreign', text: `${wanted}; the run that is open is of the store ${known.store.id}` }
  }
  if (run?.hasUnconfirmed === true) return undefined
  if (known === 'closed') return pending === 0 ? undefined : { kind: 'missing', text: `${wanted}; no run is open` }
  if (known === 'silent') {
    return pending === 0
      ? { kind: 'left over', text: `${wanted}; a run is open, and no worker answers for it` }
      : { kind: 'silent', text: '' }
  }
  if (known.acting > 0 || (run?.acting ?? 0) > 0) return undefined
  const has = `the run has ${known.pending}, the first until ${known.nextDue ?? 'never'}`
  if (pending === 0) return { kind: 'left over', text: `${wanted}; ${has}` }
  if (known.pending !== pending || known.nextDue !== instant(run!.due)) {
    return { kind: 'differs', text: `${wanted}; ${has}` }
  }
  if (known.store.epoch < store.epoch) return { kind: 'differs', text: 'the run does not know of the restore' }
  return run!.due < now() - OVERDUE_MS ? { kind: 'overdue', text: `${wanted}, and has not woken` } : undefined
}

const instant = (epochMs: number) => new Date(epochMs).toISOString()
