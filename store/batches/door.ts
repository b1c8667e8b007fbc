import type { BatchEntry } from './batch-entry.ts'

/** A batch that is open and locked, as it is to be. Instants in epoch milliseconds. */
export interface Door {
  id: number
  recipient: string
  key: string
  stepRef: string
  carrier: number | null
  items: number
  openedAt: number
  closesAt: number
  /** When it was to close before this transaction: its carrier, who sleeps in another hand, wakes then or earlier. */
  foundToCloseAt: number
  limitAt: number | null
  /** Opened in this transaction. */
  isFresh: boolean
  isOpen: boolean
  /** Somebody of this transaction went through it first, or is in it. */
  isUsed: boolean
  /** Its row is to be written. */
  isChanged: boolean
}

/** Whom it was opened for may not have come: it is as the first says who has. */
export function open(door: Door, { stepRef, closesAt, limitOf }: BatchEntry, now: number): void {
  const limitAt = limitOf?.(now) ?? null
  if (door.stepRef === stepRef && door.closesAt === closesAt && door.limitAt === limitAt) return
  Object.assign(door, { stepRef, closesAt, limitAt, isChanged: true })
}

/** The close to which an activity moves a batch that was opened before it; null: it leaves it. */
export function movedTo({ openedAt, limitAt }: Door, { slidesTo, limitOf }: BatchEntry): number | null {
  return slidesTo === null ? null : Math.min(slidesTo, limitAt ?? Infinity, limitOf?.(openedAt) ?? Infinity)
}

/** An activity comes to be in it; `opens`: nobody came through it before. */
export function join(door: Door, id: number, entry: BatchEntry, { now, opens }: { now: number; opens: boolean }): void {
  const { itemLimit } = entry
  door.items += 1
  door.isChanged = true
  door.carrier ??= id
  if (!opens) door.closesAt = movedTo(door, entry) ?? door.closesAt
  if (itemLimit !== null && door.items >= itemLimit) door.closesAt = now
  if (door.closesAt <= now) {
    door.closesAt = now
    door.isOpen = false
  }
}
