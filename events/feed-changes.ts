import { sql } from 'drizzle-orm'
import { json, type Database } from '../store/postgres/database.ts'

/** `added`: it is in the feed now. `changed`: seen, read or back from the archive. `revoked`: archived, so out of the feed. */
export type FeedChange = 'added' | 'changed' | 'revoked'

/** In-app messages that changed: those of number `number` of the recipient runs `from` to `to`. */
export interface ChangedMessages {
  change: FeedChange
  from: number
  to: number
  number: number
}

export const FEED_CHANNEL = 'belay_feed'

const LETTERS = { a: 'added', c: 'changed', r: 'revoked' } as const
const letterOf = { added: 'a', changed: 'c', revoked: 'r' } as const
/** Postgres takes fewer than 8,000 bytes a notification. */
const MAX_CHARACTERS = 7_900

/**
 * Tells every api process which in-app messages changed, once the transaction has committed, and never if it does not. It
 * names rows and not recipients: a chunk of a broadcast is one range. Nobody has to listen.
 */
export async function notifyFeeds(
  tx: Database,
  changed: readonly { change: FeedChange; recipientRunId: number; number: number }[],
): Promise<void> {
  if (changed.length === 0) return
  const payloads = payloadsOf(rangesOf(changed))
  await tx.execute(
    sql`select pg_notify(${FEED_CHANNEL}, value) from jsonb_array_elements_text(${json(payloads)}) as payload(value)`,
  )
}

/** What a notification says; what is none of ours says nothing. */
export function readFeedChanges(payload: string): ChangedMessages[] {
  return payload.split(' ').flatMap((part): ChangedMessages[] => {
    const [, letter, number, from, to] = /^([acr])(\d+):(\d+)(?:-(\d+))?$/.exec(part) ?? []
    if (letter === undefined) return []
    const change = LETTERS[letter as keyof typeof LETTERS]
    return [{ change, number: Number(number), from: Number(from), to: Number(to ?? from) }]
  })
}

function rangesOf(changed: readonly { change: FeedChange; recipientRunId: number; number: number }[]) {
  const sorted = [...changed].sort(
    (a, b) => order(a.change, b.change) || a.number - b.number || a.recipientRunId - b.recipientRunId,
  )
  const ranges: ChangedMessages[] = []
  for (const { change, recipientRunId: id, number } of sorted) {
    const last = ranges.at(-1)
    if (last?.change === change && last.number === number && id <= last.to + 1) last.to = id
    else ranges.push({ change, from: id, to: id, number })
  }
  return ranges
}

const order = (a: FeedChange, b: FeedChange): number => (a === b ? 0 : a < b ? -1 : 1)

function payloadsOf(ranges: readonly ChangedMessages[]): string[] {
  const payloads: string[] = []
  for (const { change, from, to, number } of ranges) {
    const part = `${letterOf[change]}${number}:${from}${to === from ? '' : `-${to}`}`
    const last = payloads.at(-1)
    if (last !== undefined && last.length + part.length < MAX_CHARACTERS)
      payloads[payloads.length - 1] = `${last} ${part}`
    else payloads.push(part)
  }
  return payloads
}
