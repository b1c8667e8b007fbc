import { arrive } from '../steps/arrive.ts'
import type { DelayScope } from '../steps/delay/delay.ts'
import type { Definition } from '../definitions/definition.ts'
import type { DeliveryRow } from '../store/recipient-runs/deliveries.ts'
import type { SettledMessage, Settlement } from '../store/recipient-runs/settle.ts'
import type { SendResult } from '../channels/sender.ts'

/** Waits between the tries of a step, in seconds: 8 tries over 30 minutes. */
export const BACKOFF_S = [15, 30, 60, 120, 225, 450, 900] as const

/** Where a recipient run stands when a step of it is settled. */
export interface Standing {
  row: DeliveryRow
  definition: Definition
  scope: DelayScope
  skipDelay: boolean
  /** The workflow's clock, epoch milliseconds. */
  now: number
}

/** The step is behind: on to the next one, asleep before it if a delay says so. */
export function goOn(standing: Standing, step: number, behind: Partial<Settlement> = {}): Settlement {
  const { row, definition, scope, skipDelay, now } = standing
  const base = {
    id: row.id,
    revision: row.revision,
    due: now,
    attempt: 0,
    sent: 0,
    errors: 0,
    reason: null,
    ...behind,
  }
  const arrival = arrive(definition, step, now, scope, { skipDelay })
  switch (arrival.kind) {
    case 'waiting':
      return { ...base, status: 'waiting', step: arrival.step, due: arrival.due }
    case 'ended':
      return { ...base, status: 'ended', step: row.step }
    case 'problem':
      return { ...base, ...halted(standing, step, `${arrival.field} ${arrival.problem}`), errors: base.errors + 1 }
  }
}

/** A template or a delay that cannot work: the recipient run ends as failed, visibly. */
export function halt(standing: Standing, reason: string): Settlement {
  const { row, now } = standing
  const base = { id: row.id, revision: row.revision, due: now, attempt: 0, sent: 0, errors: 1 }
  return { ...base, ...halted(standing, row.step, reason) }
}

function halted(
  { row }: Standing,
  step: number,
  reason: string,
): Pick<Settlement, 'status' | 'step' | 'reason' | 'event'> {
  const event = { event: 'step_failed', status: 'error', step, attempt: row.attempt + 1, data: { reason } } as const
  return { status: 'ended', step: row.step, reason, event }
}

/** What a channel's answer makes of the recipient run. */
export function afterSend(
  standing: Standing,
  result: SendResult,
  message: Omit<SettledMessage, 'status' | 'reason' | 'externalId'>,
): Settlement {
  const { row, now } = standing
  const { kind } = result
  const next = row.step + 1
  switch (kind) {
    case 'sent':
    case 'delivered': {
      const settled = { ...message, status: kind, reason: null, externalId: result.externalId ?? null }
      return goOn(standing, next, { sent: 1, message: settled })
    }
    case 'not_sent': {
      const settled = { ...message, status: kind, reason: result.reason, externalId: null }
      return goOn(standing, next, { reason: result.reason, message: settled })
    }
    case 'refused':
    case 'not_taken':
    case 'unknown': {
      const { reason } = result
      const attempt = row.attempt + 1
      const event = { event: 'attempt_failed', status: 'error', step: row.step, attempt, data: { reason } } as const
      if (kind === 'unknown' && !result.repeatable) {
        // The provider may have it: it counts as sent, and no repeat is risked.
        const settled = { ...message, status: 'delivery_attempted' as const, reason, externalId: null }
        return goOn(standing, next, { sent: 1, reason, message: settled, event })
      }
      const wait = kind === 'refused' ? undefined : BACKOFF_S[row.attempt]
      if (wait === undefined) {
        const settled = { ...message, status: 'undelivered' as const, reason, externalId: null }
        return goOn(standing, next, { errors: 1, reason, message: settled, event })
      }
      const settled = { ...message, status: 'queued' as const, reason, externalId: null }
      const base = { id: row.id, revision: row.revision, sent: 0, errors: 0, reason }
      const asked = kind === 'not_taken' ? (result.retryAfterMs ?? 0) : 0
      const due = now + Math.max(wait * 1_000, asked)
      return { ...base, status: 'waiting', step: row.step, due, attempt, message: settled, event }
    }
  }
}

/** A send that its worker did not live to record, canceled since: it may have gone out, and is not tried again. */
export function abandon({ row, now, definition }: Standing): Settlement {
  const step = definition.steps[row.step]!
  const base = { id: row.id, revision: row.revision, status: 'waiting', step: row.step, due: now, attempt: 0 } as const
  const reason = 'the worker stopped while it was sending; canceled since, so not tried again'
  if (step.type === 'delay') throw new TypeError('a delay is never claimed')
  const { ref: stepRef, channel } = step
  const message = {
    step: row.step,
    stepRef,
    recipient: row.recipient,
    channelId: channel.id,
    content: {},
    externalId: null,
  }
  return { ...base, sent: 1, errors: 0, reason, message: { ...message, status: 'delivery_attempted', reason } }
}
