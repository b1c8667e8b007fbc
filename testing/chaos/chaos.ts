import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SECRET_KEY } from '../product/api-server.ts'
import { Belay, type Message } from '../product/belay.ts'
import { notificationsFolder } from '../fixtures/notifications-folder.ts'
import { runScript } from '../servers/process.ts'
import { ChaosCaller } from './caller.ts'
import { definitionFiles } from './definitions.ts'
import { Faults, type Spell } from './faults.ts'
import { judge, type Findings } from './judge.ts'
import type { Life } from './life.ts'
import { Lives } from './lives.ts'
import { Random } from './random.ts'
import { startReceivers } from './receivers.ts'
import { smallDisk } from './small-disk.ts'
import { startEmbeddedSystem, startProcessesSystem, type System } from './system.ts'

export interface ChaosOptions {
  /** Processes of their own, or `npm start` with PGlite. */
  system: 'processes' | 'embedded'
  code: 'sources' | 'built'
  seed: number
  kills: number
  pauses: number
  pauseMs: number
  jumps: number
  /** Whether the store's disk is to be full for a while, where one can be made. */
  disk: boolean
  perSecond: number
  /** Nobody more is triggered for while so many recipients are pending, besides those who wait for a send window. */
  mostPending: number
  /** Of how many kills the next does not wait until everything works again, from 0 to 1. */
  hurried: number
  /** No fault begins later than so long after the start: a run with some left does not hold. */
  forMs: number
  say: (line: string) => void
}

export interface ChaosResult {
  findings: Findings
  faults: Faults
  failedTries: ReadonlyMap<number, number>
  /** Triggers that were answered after the first kill began and before the last was over. */
  answeredBetween: number
  /** What must not be, and is no matter of one recipient. */
  wrong: string[]
  /** How long it took, after the last fault, until nothing was pending, in milliseconds. */
  settledMs: number
  hung: number
}

const SETTLE_MS = 300_000
/** After so long a send window opens: the first wait for it, the others find it open. */
const OPENS_MS = 120_000
/** For what should not come. */
const LATE_MS = 3_000
/** Housekeeping tells what is unconfirmed every half minute. */
const HOUSEKEPT_MS = 120_000
/** Looks between two lines on what is pending. */
const SAID_EVERY = 15
const PROBE_TRY_MS = 5_000
const PENDING = 'status[]=queued&status[]=processing&status[]=paused'
/** Rows of a list that are answered at once, at most. */
const PAGE = 50

/** Runs the product, lets it be used, breaks it as the seed says, and holds what came of it against what was answered. */
export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, say } = options
  const receivers = await startReceivers(new Random(seed + 1))
  const disk = options.disk && options.system === 'processes' ? smallDisk() : { missing: '' }
  if ('missing' in disk && disk.missing !== '') say(`skipped: a full disk (${disk.missing})`)
  const folder = 'folder' in disk ? disk.folder : undefined
  const opensAt = new Date(Math.ceil((Date.now() + OPENS_MS) / 1_000) * 1_000)
  let system: System | undefined
  try {
    const start = options.system === 'processes' ? startProcessesSystem : startEmbeddedSystem
    system = await start({
      notifications: notificationsFolder(definitionFiles(receivers.httpUrl, opensAt)),
      smtpUrl: receivers.smtpUrl,
      code: options.code,
      disk: folder,
    })
    return await underChaos(system, options, folder, receivers, opensAt)
  } finally {
    await system?.close()
    await receivers.close()
    if ('folder' in disk) disk.close()
  }
}

async function underChaos(
  system: System,
  options: ChaosOptions,
  disk: string | undefined,
  receivers: Awaited<ReturnType<typeof startReceivers>>,
  opensAt: Date,
): Promise<ChaosResult> {
  const { say } = options
  const belay = new Belay(() => system.url, SECRET_KEY)
  const caller = new ChaosCaller(() => system.url)
  const until = performance.now() + options.forMs
  const faults = new Faults(system, new Random(options.seed), { ...options, disk, until }, () => goesThrough(belay))
  const { perSecond, mostPending: most } = options
  const lives = new Lives(options.seed, { perSecond, most, isFull: () => hasPending(belay, most) }, caller)
  await faults.run()
  await lives.stop()
  const began = performance.now()
  const left = await settle(belay, say)
  const settledMs = performance.now() - began
  await wait(LATE_MS)
  const messages = await belay.messages()
  const { arrived } = receivers
  const notes = await notesOf(belay, lives.all)
  const findings = judge({ lives: lives.all, messages, arrived, spells: faults.spells, opensAt, notes })
  const wrong = [
    ...left,
    ...lives.failed,
    ...caller.wrong,
    ...faults.lasting.map((spell) => `nothing went through after ${spell}`),
    ...[...system.parts.values()].flatMap(({ ended }) => ended),
    ...(options.system === 'processes' ? await examined(system) : []),
  ]
  const answeredBetween = answersBetween(lives.all, faults.killed)
  return { findings, faults, failedTries: caller.failed, answeredBetween, wrong, settledMs, hung: receivers.hung }
}

/** The newest of those that wait or are worked for, a page of them. */
async function pendingRuns(belay: Belay): Promise<{ id: string; status: string; step: string }[]> {
  const { items } = await belay.get<{ items: { id: string; status: string; step: string }[] }>(
    `/v1/workflow_recipient_runs?${PENDING}`,
  )
  return items
}

/** Whether so many recipients are pending, one page of them at most. Who waits for a send window does not count. */
async function hasPending(belay: Belay, many: number): Promise<boolean> {
  if (many > PAGE) return false
  // What does not answer is not full: it is to be called while it is away.
  const silent = wait(PROBE_TRY_MS, [], { ref: false })
  const pending = await Promise.race([pendingRuns(belay).catch(() => []), silent])
  return pending.filter(({ step }) => step !== 'soon').length >= many
}

/** What the objects were told that `update` updates, by the trigger's n; missing: nothing. */
async function notesOf(belay: Belay, lives: readonly Life[]): Promise<Map<string, unknown>> {
  const notes = new Map<string, unknown>()
  for (const { n } of lives.filter(({ kind }) => kind === 'update').flatMap(({ triggers }) => triggers)) {
    const { body } = await belay.request<{ properties?: { note?: unknown } }>('GET', `/v1/objects/projects/${n}`)
    if (body.properties?.note !== undefined) notes.set(n, body.properties.note)
  }
  return notes
}

function answersBetween(lives: readonly Life[], killed: readonly Spell[]): number {
  const [first, last] = [killed[0], killed.at(-1)]
  if (first === undefined || last === undefined) return 0
  const answers = lives.flatMap(({ triggers }) => triggers.flatMap(({ answer }) => answer ?? []))
  return answers.filter(({ answeredAt }) => first.from <= answeredAt && answeredAt <= last.to).length
}

let probes = 0

/** Resolves once a notification is triggered and delivered. */
async function goesThrough(belay: Belay): Promise<void> {
  const user = `probe-${(probes += 1)}`
  const post = (path: string, body: object) =>
    fetch(belay.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${SECRET_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(PROBE_TRY_MS),
    })
  const isTriggered = async () => (await post('/v1/workflows/probe/trigger', { recipients: [user] })).ok
  while (!(await isTriggered().catch(() => false))) await wait(100)
  while ((await belay.feed(user).catch(() => [])).length === 0) await wait(50)
}

/** Waits until nothing is pending; says what is after five minutes. */
async function settle(belay: Belay, say: (line: string) => void): Promise<string[]> {
  const until = performance.now() + SETTLE_MS
  for (let look = 1; ; look += 1) {
    const runs = await pendingRuns(belay).catch(() => undefined)
    const queued = await belay.get<{ items: Message[] }>('/v1/messages?status[]=queued').catch(() => undefined)
    if (runs?.length === 0 && queued?.items.length === 0) return []
    if (performance.now() > until) {
      return [
        ...(runs ?? []).map(({ id, status, step }) => `recipient run ${id} is ${status} in ${step}`),
        ...(queued?.items ?? []).map(({ id, source }) => `message ${id} of ${source.step_ref} is queued`),
        ...(runs === undefined || queued === undefined ? ['it does not answer'] : []),
      ]
    }
    if (look % SAID_EVERY === 0) {
      const steps = [...(runs ?? []).map(({ step }) => step), ...(queued?.items ?? []).map(refOf)]
      say(`still pending: ${steps.join(' ')}`)
    }
    await wait(1_000)
  }
}

const refOf = ({ source }: Message) => source.step_ref

/** What the doctor still finds once housekeeping has had its time: nothing, or a line each. */
async function examined(system: System): Promise<string[]> {
  const doctor = fileURLToPath(new URL('../../worker/doctor-main.ts', import.meta.url))
  const until = performance.now() + HOUSEKEPT_MS
  for (;;) {
    const script = runScript(doctor, [], { ...system.env, LOG_LEVEL: 'silent' })
    if ((await script.ended) === 0) return []
    if (performance.now() > until) return [`doctor: ${script.output()}`]
  }
}
