import { WorkflowNotFoundError, type Client, type Connection } from '@temporalio/client'
import type { Logger } from 'pino'
import { setTimeout as delay } from 'node:timers/promises'
import { storeIdentity } from '../../store/environment/store-identity.ts'
import { isBehind } from '../../store/environment/store-mark.ts'
import type { Database } from '../../store/postgres/database.ts'
import { countPendingSignals } from '../../store/signals/pending-signals.ts'
import type { PayloadKeys } from '../../settings/payload-keys.ts'
import { openClient } from '../client.ts'
import { HOUSEKEEPING_ID, readMark } from '../deployment.ts'
import { registerWithTemporal } from '../register.ts'
import { missingAttributes } from '../search-attributes.ts'
import type { SendTarget } from '../send.ts'
import { Signaler } from '../signaler.ts'
import { temporalScheduleId } from '../sync-schedules.ts'
import { compareRuns, type Comparison } from './compare-runs.ts'
import { compareSchedules, mendSchedules } from './compare-schedules.ts'
import { mendRuns } from './mend-runs.ts'

export interface DoctorOptions {
  connection: Connection
  namespace: string
  keys: PayloadKeys
  taskQueue: string
  db: Database
  /** The store's clock, epoch milliseconds. */
  now: () => number
  log: Logger
  /** Ends what another store has running in the namespace. Only for `repair`. */
  takeOver?: boolean
  /** Told of each thing done. */
  say: (line: string) => void
}

export interface Finding {
  kind: 'foreign' | 'restored' | 'attribute' | 'unconfirmed' | Comparison['differences'][number]['kind']
  /** Of a run; absent for what is about all of them. */
  workflowId?: string
  text: string
}

export interface Report {
  /** Runs with somebody asleep, in the store. */
  runs: number
  /** Open runs that were not compared, since no worker answers for them. */
  silent: number
  /** What differs; none: store and Temporal agree. */
  findings: Finding[]
}

/** A signal not confirmed for so long is told again; its api may still be at it. */
const UNCONFIRMED_MS = 10_000
/** Of some thousands of signals each. */
const PASSES = 1_000
/** A run that was told to read the store does so in a moment, once a worker is there. */
const LOOKS = 10
/** After so many looks, one that still differs is not told again but started anew. */
const TOLD_LOOKS = 3
const LOOK_MS = 2_000

/** Compares store and Temporal. Changes nothing. */
export async function examine({ connection, namespace, keys, db, now }: DoctorOptions): Promise<Report> {
  const client = openClient({ connection, namespace, keys })
  const found = await readMark(client)
  const store = await storeIdentity(db)
  if (found !== undefined && found.isOpen && found.mark.id !== store.id) {
    const text = `the namespace ${namespace} belongs to the store ${found.mark.id}, and this is ${store.id}`
    return { runs: 0, silent: 0, findings: [{ kind: 'foreign', text }] }
  }
  const general: Finding[] = []
  if (found !== undefined && (await isBehind(db, found.mark))) {
    general.push({
      kind: 'restored',
      text: 'the store is behind what it was: it was restored from a backup, and runs do not know',
    })
  }
  for (const { name } of await missingAttributes(client)) {
    general.push({ kind: 'attribute', text: `the search attribute ${name} is missing` })
  }
  if (!(await isHousekept(client))) {
    general.push({ kind: 'missing', workflowId: HOUSEKEEPING_ID, text: 'nobody does the housekeeping' })
  }
  const unconfirmed = await countPendingSignals(db, UNCONFIRMED_MS)
  if (unconfirmed > 0)
    general.push({ kind: 'unconfirmed', text: `${unconfirmed} signals that Temporal has not confirmed` })
  const schedules = await compareSchedules(client, db)
  for (const id of schedules.missing) {
    const text = 'no Schedule of Temporal’s wakes it: each occurrence is a minute late'
    general.push({ kind: 'missing', workflowId: temporalScheduleId(id), text })
  }
  for (const id of schedules.leftOver) {
    const text = 'Temporal has a Schedule, and the database no such schedule'
    general.push({ kind: 'left over', workflowId: temporalScheduleId(id), text })
  }
  const { runs, silent, differences } = await compareRuns({ client, db, store, now })
  const findings = differences.map(({ kind, workflowId, text }) => ({ kind, workflowId, text }))
  return { runs, silent, findings: [...general, ...findings] }
}

/**
 * Mends what `examine` finds, as far as the store knows it: Temporal is made to follow the store, never the other way.
 * Answers what is left. Throws a SettingsError where the namespace is another deployment's and is not taken over.
 */
export async function repair(options: DoctorOptions): Promise<Report> {
  const { connection, namespace, keys, taskQueue, db, now, log, takeOver = false, say } = options
  const client = openClient({ connection, namespace, keys })
  if (takeOver) await endForeignHousekeeping(options, client)
  await registerWithTemporal({
    connection,
    namespace,
    db,
    log,
    settings: { BELAY_TASK_QUEUE: taskQueue, BELAY_PAYLOAD_KEYS: keys },
  })
  const target = { client, taskQueue, store: await storeIdentity(db) }
  const told = await sendUnconfirmed(options, target)
  if (told > 0) say(`told ${told} signals that Temporal had not confirmed`)
  const written = await mendSchedules({ client, taskQueue, db, log }, await compareSchedules(client, db), now())
  if (written > 0) say(`made ${written} schedules of Temporal follow the store`)
  for (let look = 1; look <= LOOKS; look += 1) {
    const { differences } = await compareRuns({ client, db, store: target.store, now })
    // Without a worker, nothing comes of what they were told.
    if (look > 1 && differences.every(({ isSilent }) => isSilent)) break
    const mended = await mendRuns(target, differences, { takeOver, anew: look > TOLD_LOOKS })
    if (mended === 0) break
    say(`made ${mended} runs follow the store`)
    await delay(LOOK_MS)
  }
  return examine(options)
}

async function endForeignHousekeeping({ db, say }: DoctorOptions, client: Client): Promise<void> {
  const found = await readMark(client)
  if (found === undefined || !found.isOpen || found.mark.id === (await storeIdentity(db)).id) return
  await client.workflow.getHandle(HOUSEKEEPING_ID).terminate('the namespace was taken over by another store')
  say(`took the namespace over from the store ${found.mark.id}`)
}

async function sendUnconfirmed({ db, log }: DoctorOptions, target: SendTarget): Promise<number> {
  const signaler = new Signaler({ ...target, db, link: { away: false, failed: () => undefined }, log })
  let told = 0
  for (let pass = 1, taken = 1; taken > 0 && pass <= PASSES; pass += 1) {
    taken = await signaler.resendOlder(UNCONFIRMED_MS, 0)
    await signaler.settled()
    told += taken
  }
  await signaler.close()
  return told
}

async function isHousekept(client: Client): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(HOUSEKEEPING_ID).describe()).status.name === 'RUNNING'
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false
    throw error
  }
}
