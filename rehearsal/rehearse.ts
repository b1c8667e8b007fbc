import { pino, type Logger } from 'pino'
import { createAct } from '../activities/act.ts'
import { createAdvance } from '../activities/advance.ts'
import { createDeliver } from '../activities/deliver.ts'
import { Leases } from '../activities/leases.ts'
import { createOutside } from '../activities/outside.ts'
import { HttpClient } from '../channels/http-client.ts'
import { Pacing } from '../channels/pacing.ts'
import type { Catalog } from '../definitions/catalog.ts'
import type { EngineDeps } from '../engine/deps.ts'
import { KeyedMutex } from '../engine/keyed-mutex.ts'
import { noOutbox } from '../events/outbox.ts'
import type { HostList } from '../settings/host-list.ts'
import { publishCatalog } from '../store/catalog/definitions.ts'
import { storeIdentity } from '../store/environment/store-identity.ts'
import { triggerIdOf } from '../store/ids/row-id.ts'
import { openPglite, type Store } from '../store/postgres/database.ts'
import { loadAllSleepers, type Sleeper } from '../store/recipient-runs/sleepers.ts'
import { isActLane, RUN_LANE, type Lane } from '../workflows/lane-name.ts'
import { toRanges, type Range } from '../workflows/ranges.ts'
import type { ChunkResult } from '../workflows/run-activities.ts'
import type { StoreIdentity } from '../workflows/store-identity.ts'
import { asActivity } from './as-activity.ts'
import type { Entry } from './entry.ts'
import { Fetches, NOT_MADE, type Answers } from './fetches.ts'
import { happen } from './happen.ts'
import type { Happening } from './happening.ts'
import { offsetText } from './offset.ts'
import { recordingSenders } from './recording-senders.ts'
import { newestTrigger, rowStates, triggersAfter } from './store-state.ts'
import { Timeline } from './timeline.ts'

/** Turns after which a rehearsal is given up: workflows may trigger each other for ever. */
const MOST_TURNS = 10_000

export interface Script {
  /** Key of the workflow. */
  workflow: string
  /** When it begins, epoch milliseconds. */
  start: number
  happenings: readonly Happening[]
  answers?: Answers
  /** Fetches without an answer are made over the network, to private addresses only where they are listed. */
  allowFetch?: HostList | undefined
  /** Who may have secrets where data chose the host; absent: nobody. */
  secretHosts?: HostList | undefined
  /** Of recipients who have none of their own; absent: UTC. */
  timeZone?: string | undefined
}

/**
 * Plays the whole life of a workflow on a clock of its own, in which waiting takes no time: what the API and the worker run
 * is run here, in this process and in the order of its instants, with channels that only record. Answers the timeline.
 * Throws where the life has no end. `given`: a store of the caller's that holds no other rehearsal's recipients.
 */
export async function rehearse(catalog: Catalog, script: Script, given?: Store): Promise<Entry[]> {
  const store = given ?? (await openPglite(null))
  const network = script.allowFetch === undefined ? null : new HttpClient({ allowPrivate: script.allowFetch })
  try {
    if (given === undefined) await store.migrate()
    await publishCatalog(store.db, catalog, script.start)
    return await new Rehearsal(catalog, script, store, network).play()
  } finally {
    await network?.close()
    if (given === undefined) await store.close()
  }
}

interface Turn {
  workflowId: string
  lane: Lane
  due: number
  revision: number
  ids: number[]
}

class Rehearsal {
  readonly #catalog: Catalog
  readonly #script: Script
  readonly #store: Store
  readonly #network: HttpClient | null
  #now: number

  constructor(catalog: Catalog, script: Script, store: Store, network: HttpClient | null) {
    this.#catalog = catalog
    this.#script = script
    this.#store = store
    this.#network = network
    this.#now = script.start
  }

  async play(): Promise<Entry[]> {
    const { db } = this.#store
    const { start, workflow } = this.#script
    const now = () => this.#now
    const after = await newestTrigger(db)
    const timeline = new Timeline(db, { start, now, after })
    const log = pino({ level: 'silent' })
    const deps: EngineDeps = {
      store: this.#store,
      catalog: this.#catalog,
      signaler: { send: () => Promise.resolve() },
      outbox: noOutbox,
      mutex: new KeyedMutex(),
      now,
    }
    const leases = new Leases(db, now, log)
    const carryOut = this.#activities(deps, { leases, log, timeline, identity: await storeIdentity(db) })
    const left = this.#script.happenings.toSorted((a, b) => a.after - b.after)
    try {
      for (let turns = 0; ; turns += 1) {
        if (turns === MOST_TURNS)
          throw new Error(`not over after ${MOST_TURNS} turns, at ${offsetText(this.#now - start)}`)
        const turn = await this.#next(after)
        const next = left[0]
        if (next !== undefined && start + next.after <= (turn?.due ?? Infinity)) {
          left.shift()
          this.#now = Math.max(this.#now, start + next.after)
          await happen(deps, workflow, next, timeline, after)
        } else if (turn === undefined) return timeline.entries
        else {
          this.#now = Math.max(this.#now, turn.due)
          await carryOut(turn)
        }
        await timeline.look()
      }
    } finally {
      await leases.close()
    }
  }

  #activities(
    { store: { db }, now, outbox, signaler }: EngineDeps,
    { leases, log, timeline, identity }: { leases: Leases; log: Logger; timeline: Timeline; identity: StoreIdentity },
  ): (turn: Turn) => Promise<ChunkResult> {
    const { answers = {}, workflow, timeZone, secretHosts } = this.#script
    const http = new Fetches(answers, this.#network, (ref, request, made) => {
      timeline.add({ workflow, recipient: null, label: ref, text: `${request} ${made ?? NOT_MADE}` })
    })
    const onResult = timeline.told.bind(timeline)
    const shared = { db, store: identity, now, outbox, log, onResult, timeZone, leases }
    const outside = createOutside({ db, http, secretHosts, now, outbox, signaler, leases })
    const senders = recordingSenders((id, whom) => timeline.reached.set(id, whom), {
      BELAY_HTTP_SECRET_HOSTS: secretHosts,
    })
    const advance = createAdvance(shared)
    const act = createAct({ ...shared, outside })
    const deliver = createDeliver({ ...shared, senders, pacing: new Pacing() })
    return ({ workflowId, lane, revision, ids }) => {
      const rows: { revision: number; ids: Range[] }[] = [{ revision, ids: toRanges(ids) }]
      const input = { store: identity, rows }
      return asActivity(workflowId, () => {
        if (lane === RUN_LANE) return advance(input)
        return isActLane(lane) ? act({ ...input, lane }) : deliver({ ...input, lane })
      })
    }
  }

  /** Who is due next, with all that a run would hand out with them; undefined: nobody sleeps. */
  async #next(after: number): Promise<Turn | undefined> {
    const { db } = this.#store
    const triggers = await triggersAfter(db, after)
    if (triggers.length === 0) return undefined
    const sleepers = await loadAllSleepers(db, { triggers })
    const first = sleepers.toSorted((a, b) => a.due - b.due || a.id - b.id)[0]
    if (first === undefined) return undefined
    const rows = await rowStates(db, after)
    const runOf = new Map(rows.map(({ id, workflowId }) => [id, workflowId]))
    const { lane, due, revision } = first
    const workflowId = runOf.get(first.id)!
    const isWith = (each: Sleeper) =>
      each.lane === lane &&
      each.due === due &&
      each.revision === revision &&
      triggerIdOf(each.id) === triggerIdOf(first.id) &&
      runOf.get(each.id) === workflowId
    return { workflowId, lane, due, revision, ids: sleepers.filter(isWith).map(({ id }) => id) }
  }
}
