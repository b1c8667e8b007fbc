import { NamespaceNotFoundError } from '@temporalio/common'
import { NativeConnection, Worker, type WorkerOptions, type WorkflowBundleOption } from '@temporalio/worker'
import type { Logger } from 'pino'
import { setTimeout as delay } from 'node:timers/promises'
import { createActivities } from '../activities/index.ts'
import { createOutside } from '../activities/outside.ts'
import { Leases } from '../activities/leases.ts'
import { HttpClient } from '../channels/http-client.ts'
import { Links } from '../channels/links.ts'
import { Pacing } from '../channels/pacing.ts'
import { channelTypeNames } from '../channels/registry.ts'
import { createSenders } from '../channels/senders.ts'
import { KeyedMutex } from '../engine/keyed-mutex.ts'
import { createWebhookSender } from '../events/webhooks/webhook-sender.ts'
import { countFromZero } from '../metrics/counted.ts'
import { SettingsError, type Settings } from '../settings/settings.ts'
import { actQueue, deliverQueue } from '../workflows/names.ts'
import type { ActInput, DeliverInput } from '../workflows/run-activities.ts'
import { dataConverter, openClient } from '../temporal/client.ts'
import { Deployment } from '../temporal/deployment.ts'
import { createWakeRuns } from '../temporal/wake-runs.ts'
import { Signaler } from '../temporal/signaler.ts'
import { WebhookWaker } from '../temporal/webhook-waker.ts'
import type { Clock } from '../store/clock/store-clock.ts'
import type { Store } from '../store/postgres/database.ts'
import { patiently, type Patience } from '../store/postgres/reachable.ts'
import { loadPendingSignals } from '../store/signals/pending-signals.ts'
import { isSeenPolling } from './poller.ts'
import { ownBundle } from './bundle.ts'
import { noNamespace } from './connect-to-temporal.ts'
import { workerOptions } from './options.ts'
import { ownErrors } from './own-errors.ts'

const ANSWERED_MS = 30_000

export interface WorkerStart {
  settings: Settings
  store: Store
  /** Of the store; who opened it closes it. */
  clock: Clock
  connection: NativeConnection
  namespace: string
  log: Logger
  /** Absent: that of built code, or one made now from the sources. */
  bundle?: WorkflowBundleOption
  /** How long a store that goes away during the start is waited for; absent: not at all. */
  patience?: Patience
  /** Laid over options.ts: how a bench tries others. */
  options?: Partial<WorkerOptions>
}

export interface RunningWorker {
  /** Temporal's word for it; RUNNING while it polls. */
  status(): string
  /** Whether it runs and Temporal sees it poll. Takes 2 s at most; never rejects. */
  polls(): Promise<boolean>
  /** Lets what is being sent end, then stops. Safe to call twice. */
  stop(): Promise<void>
  /** Settles when the worker has stopped; rejects if it failed. */
  stopped: Promise<void>
}

/** A worker that polls; it takes no process signals and leaves the connection and the store to whoever gave them. */
export async function startWorker(start: WorkerStart): Promise<RunningWorker> {
  const { settings, store, connection, namespace, log } = start
  const { db } = store
  const client = openClient({ connection, namespace, keys: settings.BELAY_PAYLOAD_KEYS })
  const taskQueue = settings.BELAY_TASK_QUEUE
  const deployment = await patiently(() => Deployment.of({ client, db, log }), start.patience)
  await untilAnswered(() => deployment.require())
  const { identity } = deployment
  // Nothing is told to another deployment's runs.
  const link = {
    get away() {
      return deployment.warning !== undefined
    },
    failed: () => undefined,
  }
  const signaler = new Signaler({
    client,
    taskQueue,
    db,
    store: identity,
    link,
    log,
  })
  const outbox = new WebhookWaker({
    client,
    taskQueue,
    endpoints: settings.BELAY_WEBHOOKS,
    wakeRuns: createWakeRuns(db, signaler, log),
    away: () => link.away,
    log,
  })
  const senders = createSenders(settings)
  const { now } = start.clock
  const leases = new Leases(db, now, log)
  const shared = { db, store: identity, now, outbox, log }
  const webhooks = createWebhookSender(settings)
  const http = new HttpClient({ allowPrivate: settings.BELAY_HTTP_ALLOW_PRIVATE })
  const secretHosts = settings.BELAY_HTTP_SECRET_HOSTS
  const send = async (signalIds: readonly number[]) => {
    if (signalIds.length === 0) return
    for (const signal of await loadPendingSignals(db, { only: [...signalIds] })) void signaler.send(signal)
  }
  countFromZero(channelTypeNames())
  const activities = createActivities({
    ...shared,
    send,
    client,
    taskQueue,
    signaler,
    senders,
    pacing: new Pacing(),
    leases,
    timeZone: settings.BELAY_TIME_ZONE,
    links: Links.of(settings),
    outside: createOutside({ db, http, secretHosts, now, outbox, signaler, leases }),
    webhooks,
    schedules: { store, signaler, outbox, now, timeZone: settings.BELAY_TIME_ZONE, log, client },
    bulk: { store, mutex: new KeyedMutex(), signaler, outbox, now },
  })
  const converter = { dataConverter: dataConverter(settings.BELAY_PAYLOAD_KEYS) }
  const options = { ...workerOptions, ...converter, ...versionOf(settings), ...start.options, connection, namespace }
  const sends = { deliver: (input: DeliverInput) => activities.deliver(input) }
  const acts = { act: (input: ActInput) => activities.act(input) }
  const worker = await Worker.create({
    ...options,
    taskQueue,
    interceptors: { activity: [ownErrors(log)] },
    workflowBundle: start.bundle ?? (await ownBundle()),
    activities: { ...activities },
  })
  // Sends, and steps that act on the outside, have slots and a task queue of their own: slow ones leave the others theirs.
  const sender = await Worker.create({ ...options, taskQueue: deliverQueue(taskQueue), activities: sends })
  const actor = await Worker.create({ ...options, taskQueue: actQueue(taskQueue), activities: acts })
  const all = [worker, sender, actor]
  deployment.watch()
  const runs = all.map((each) => each.run())
  const stop = () => {
    for (const each of all) if (each.getState() === 'RUNNING') each.shutdown()
  }
  // One that fails takes the others with it: half a worker would look alive.
  for (const run of runs) run.catch(stop)
  const stopped = Promise.all(runs)
    .then(() => undefined)
    .finally(async () => {
      await Promise.allSettled(runs)
      deployment.close()
      await leases.close()
      await signaler.close()
      await outbox.close()
      await senders.close()
      await http.close()
      await webhooks.close()
    })
  // Whoever awaits `stopped` hears of a failure; nobody awaiting it is no crash by itself.
  stopped.catch(() => undefined)
  return {
    status: () => worker.getState(),
    polls: async () =>
      worker.getState() === 'RUNNING' && isSeenPolling(connection, namespace, taskQueue, worker.options.identity),
    async stop() {
      stop()
      await stopped
    },
    stopped,
  }
}

/** With a build ID tasks come only once the build is promoted, and then those of all runs. */
function versionOf({ BELAY_BUILD_ID: buildId, BELAY_TASK_QUEUE: deploymentName }: Settings): Partial<WorkerOptions> {
  if (buildId === undefined) return {}
  const version = { deploymentName, buildId }
  return {
    workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'AUTO_UPGRADE' },
  }
}

/** Temporal was there a moment ago, and may just be starting: tried for half a minute, but for what only an operator mends. */
async function untilAnswered(work: () => Promise<void>): Promise<void> {
  for (const until = performance.now() + ANSWERED_MS; ; await delay(500)) {
    try {
      await work()
      return
    } catch (error) {
      if (error instanceof SettingsError) throw error
      if (performance.now() < until) continue
      throw error instanceof NamespaceNotFoundError ? noNamespace('', error.namespace, error) : error
    }
  }
}
