/** A user's id, or an object's collection and id. */
export type RecipientReference = string | { collection: string; id: string }

/** A recipient with what is to be stored of them first; `$trigger_data` is laid over `data` for them alone. */
export type Recipient = RecipientReference | { id: string; collection?: string; [property: string]: unknown }

export interface NotifyOptions {
  recipients: Recipient[]
  actor?: Recipient | null
  data?: Record<string, unknown>
  /** Names what is pending, so that it can be canceled. */
  cancelationKey?: string | number | null
  tenant?: string | { id: string; [property: string]: unknown } | null
  settings?: { skip_delay?: boolean; sandbox_mode?: boolean; on_conflict?: 'join' | 'replace' | 'keep' }
}

export interface Notified {
  workflow_run_id: string
  /** Somebody was pending under the key. */
  joined?: true
  /** What `on_conflict: 'replace'` took out. */
  replaced?: Verdict
  /** `on_conflict: 'keep'` found somebody pending, and nothing was stored. */
  kept?: true
}

export interface CancelOptions {
  /** Left out: everyone. */
  recipients?: RecipientReference[]
  /** Also archives the in-app messages already sent to them. */
  archiveSent?: boolean
  /** Kept with the cancel. */
  reason?: string
}

export type MoveOptions = Pick<CancelOptions, 'recipients'>

export interface Duration {
  unit: 'seconds' | 'minutes' | 'hours' | 'days' | 'weeks' | 'months'
  value: number
}

type Ended = 'sending' | 'already_sent' | 'ended' | 'already_canceled' | 'not_found'
export type CancelOutcome = 'canceled' | Ended
export type RescheduleOutcome = 'rescheduled' | 'not_sleeping' | Ended
export type SendNowOutcome = 'sent_now' | 'not_sleeping' | Ended

interface Answer<Outcome extends string> {
  workflow: string
  cancelation_key: string | null
  /** `applied`: this call changed something for at least one recipient. */
  status: 'applied' | 'nothing_pending'
  summary: Record<Outcome, number>
  /** At most 10,000; the summary is always complete. */
  recipients: {
    id: RecipientReference
    outcome: Outcome
    reason?: string
    runs: {
      workflow_run_id: string
      workflow_recipient_run_id: string
      outcome: Outcome
      /** Ids of the messages already sent. */
      messages: string[]
      /** What was being sent or carried out when the call came, and may still finish: message ids, or a step. */
      in_flight: string[]
      /** Ids of messages that were made and had not been sent; a cancel's only. */
      taken_back?: string[]
    }[]
  }[]
  truncated?: true
}

/** What a cancel did, recipient by recipient. */
export type Verdict = Answer<CancelOutcome> & { archived: string[] }
export type Rescheduled = Answer<RescheduleOutcome> & { scheduled_at: string }
export type SentNow = Answer<SendNowOutcome> & { scheduled_at: string }
