import { Gauge, Registry } from 'prom-client'
import type { Clock } from '../store/clock/store-clock.ts'
import type { Looked } from './cached.ts'
import type { HealthFigures } from './health-figures.ts'
import type { StoreFigures } from '../store/runs/figures.ts'

export interface GaugeSources {
  health: HealthFigures
  clock: Clock
  /** Of an api. */
  live?: () => { connections: number; subscriptions: number }
  /** Of an api: the task queues by their names, and whether somebody polls them. */
  queues?: () => Readonly<Record<string, boolean>>
}

/** What the figures of the store are called. */
const STORE: [name: string, of: keyof StoreFigures, help: string][] = [
  ['belay_pending_recipient_runs', 'pendingRecipientRuns', 'Recipient runs that wait or act, of the next 100,000'],
  ['belay_pending_messages', 'pendingMessages', 'Messages queued or being sent, of the next 100,000 recipient runs'],
  [
    'belay_overdue_recipient_runs',
    'overdueRecipientRuns',
    'Recipient runs past their instant by BELAY_OVERDUE_SECONDS',
  ],
  ['belay_overdue_messages', 'overdueMessages', 'Messages past their instant by BELAY_OVERDUE_SECONDS'],
  ['belay_longest_overdue_seconds', 'longestOverdueSeconds', 'How long the longest overdue one is past its instant'],
  ['belay_suspected_triggers', 'suspectedTriggers', 'Triggers that housekeeping has to look at, up to 100,000'],
  ['belay_unconfirmed_signals', 'unconfirmedSignals', 'Signals that Temporal has not confirmed, up to 100,000'],
  ['belay_oldest_unconfirmed_signal_seconds', 'oldestSignalSeconds', 'Age of the oldest of them'],
  ['belay_webhook_events_waiting', 'webhookEvents', 'Webhook events not yet delivered, up to 100,000'],
  ['belay_oldest_webhook_event_seconds', 'oldestWebhookSeconds', 'Age of the oldest of them'],
  ['belay_webhook_events_given_up', 'webhookEventsGivenUp', 'Webhook events given up and still kept'],
]

/** Gauges that are asked when they are read. What was never answered, or may not be asked, has no value. */
export function gaugesOf({ health, clock, live, queues }: GaugeSources): Registry {
  const registry = new Registry()
  const registers = [registry]
  const gauge = (name: string, help: string, value: () => Promise<number | null> | number | null) => {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const seen = await value()
        if (seen === null) this.remove()
        else this.set(seen)
      },
    })
  }
  for (const [name, of, help] of STORE) {
    gauge(name, help, async () => (await health.store.get())?.value[of] ?? null)
  }
  const age = (looked: Looked<unknown> | undefined) => (looked === undefined ? null : looked.ageMs / 1_000)
  gauge('belay_store_figures_age_seconds', 'How old the figures of the store are: it may be away', async () =>
    age(await health.store.get()),
  )
  gauge('belay_temporal_figures_age_seconds', 'How old the figures of Temporal are: it may be away', async () =>
    age(await health.temporal.get()),
  )
  gauge(
    'belay_runs_failing',
    'Runs whose tasks fail again and again, where the server tells it (TemporalReportedProblems)',
    async () => (await health.temporal.get())?.value.failingRuns ?? null,
  )
  gauge(
    'belay_search_attributes_missing',
    'Search attributes that runs are started with and the namespace lacks',
    async () => (await health.temporal.get())?.value.missingAttributes?.length ?? null,
  )
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1_000)
  gauge('belay_clock_skew_seconds', "This host's clock ahead of the store's", () => seconds(clock.skewMs))
  if (live !== undefined) {
    gauge('belay_live_connections', 'Connections of browsers that are open', () => live().connections)
    gauge('belay_live_subscriptions', 'Feeds that are listened to', () => live().subscriptions)
  }
  if (queues !== undefined) {
    new Gauge({
      name: 'belay_task_queue_polled',
      help: 'Whether a worker polls a task queue, as this process last saw it; 0 also while Temporal is away',
      labelNames: ['queue'] as const,
      registers,
      collect() {
        for (const [queue, isPolled] of Object.entries(queues())) this.set({ queue }, isPolled ? 1 : 0)
      },
    })
  }
  return registry
}
