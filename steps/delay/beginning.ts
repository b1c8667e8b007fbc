import type { Walk } from '../kind.ts'

/** Since when it stands in its step, in epoch milliseconds: a worker that comes late makes nothing longer that only waits. */
export function beginningOf({ row, stepIndex }: Walk, now: number): number {
  return row.step === stepIndex && row.phase === 'enter' ? row.enteredAt : now
}
