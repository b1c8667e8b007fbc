import type { Caller } from './caller.ts'

/** As callers send them: ids, with a name for each. */
export function recipients(count: number, prefix = 'user'): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}_${i}`)
}

export interface Reminder {
  key: string
  recipients: readonly unknown[]
  /** Epoch milliseconds. */
  at: number
}

/** Triggers bench/notifications/reminder. Answers after how many milliseconds it was accepted. */
export async function remind(caller: Caller, { key, recipients, at }: Reminder): Promise<number> {
  const { ms } = await caller.ok('/v1/workflows/reminder/trigger', {
    recipients,
    cancelation_key: key,
    data: { remind_at: new Date(at).toISOString(), team: 'Acme', invite: key },
  })
  return ms
}
