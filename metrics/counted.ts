import { Counter, Histogram, Registry } from 'prom-client'

/**
 * What this process has counted since its start. One registry a process, like Temporal's runtime. No label ever holds what
 * a caller or an author wrote: routes are patterns, channels are types, so that the number of series is bounded.
 */
export const counted = new Registry()
const registers = [counted]

const QUICK_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const LATE_S = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800]

export const httpRequests = new Counter({
  name: 'belay_http_requests_total',
  help: 'HTTP requests answered, by method, route pattern and status code',
  labelNames: ['method', 'route', 'code'] as const,
  registers,
})

export const httpSeconds = new Histogram({
  name: 'belay_http_request_duration_seconds',
  help: 'From a request to the end of its answer',
  labelNames: ['method', 'route'] as const,
  buckets: QUICK_S,
  registers,
})

export const refusedForLoad = new Counter({
  name: 'belay_admission_refusals_total',
  help: 'Requests answered 503 at once, since as many or as large ones are under way as a process takes',
  registers,
})

const lateness = new Histogram({
  name: 'belay_due_lateness_seconds',
  help: 'How long after its instant something due was taken up: a recipient run (run) or a message (message)',
  labelNames: ['of'] as const,
  buckets: LATE_S,
  registers,
})
export const lateRuns = lateness.labels('run')
export const lateMessages = lateness.labels('message')

/** How messages end, and `retried`: a try that failed and is made again. `canceled`: taken back before they were sent. */
export const endings = [
  'sent',
  'delivered',
  'undelivered',
  'not_sent',
  'delivery_attempted',
  'retried',
  'canceled',
] as const

const messages = new Counter({
  name: 'belay_messages_total',
  help: 'Messages by channel type and by how they ended; retried: a try that failed and is made again',
  labelNames: ['channel_type', 'outcome'] as const,
  registers,
})

const sendSeconds = new Histogram({
  name: 'belay_send_duration_seconds',
  help: 'How long a provider took for one try, by channel type',
  labelNames: ['channel_type'] as const,
  buckets: LATE_S,
  registers,
})

export const failedRuns = new Counter({
  name: 'belay_recipient_runs_failed_total',
  help: 'Recipient runs that ended as failed, for a reason of their definition or of ours',
  registers,
})

const verdicts = new Counter({
  name: 'belay_verdicts_total',
  help: 'Recipients a cancel has judged, by outcome; dry runs and repeated answers are not counted',
  labelNames: ['outcome'] as const,
  registers,
})

/** `taken_over`: somebody else's had run out. `lost`: ours had, before its outcome was recorded. */
export const leaseLosses = new Counter({
  name: 'belay_lease_losses_total',
  help: 'Leases of claims that ran out: taken over from another worker, or lost by this one before it recorded',
  labelNames: ['how'] as const,
  registers,
})

export const webhookPosts = new Counter({
  name: 'belay_webhook_deliveries_total',
  help: 'Webhook events posted: delivered, refused and tried again, or given_up after the last try',
  labelNames: ['outcome'] as const,
  registers,
})

// A series that begins with its first increase is no increase to Prometheus.
for (const how of ['taken_over', 'lost']) leaseLosses.inc({ how }, 0)
for (const outcome of ['delivered', 'refused', 'given_up']) webhookPosts.inc({ outcome }, 0)

/**
 * Begins with 0 what a worker counts of these channel types and of lateness: an alarm is told of the first failure after a
 * start, too, and of a burst that is over before the next scrape.
 */
export function countFromZero(channelTypes: readonly string[]): void {
  for (const of of ['run', 'message']) lateness.zero({ of })
  for (const channel_type of channelTypes) {
    sendSeconds.zero({ channel_type })
    for (const outcome of endings) messages.inc({ channel_type, outcome }, 0)
  }
}

/** A message ended so, or its try did. */
export function countMessage(channelType: string, outcome: (typeof endings)[number], count = 1): void {
  messages.inc({ channel_type: channelType, outcome }, count)
}

/** A provider took so long. */
export function timeSend(channelType: string, seconds: number): void {
  sendSeconds.observe({ channel_type: channelType }, seconds)
}

/** What a cancel that has committed did, recipient by recipient. */
export function countVerdict(summary: Readonly<Record<string, number>>): void {
  for (const [outcome, count] of Object.entries(summary)) verdicts.inc({ outcome }, count)
}
