import type { Settlement } from '../store/recipient-runs/settle.ts'
import type { SleepingRow } from '../store/recipient-runs/sleepers.ts'
import type { Counts } from '../workflows/messages.ts'

/** What a chunk came to: who was settled, how, and who of them sleeps again. */
export class Tally {
  readonly counts: Counts = { sent: 0, canceled: 0, skipped: 0, failed: 0 }
  readonly asleep: SleepingRow[] = []
  readonly #settled = new Set<number>()
  readonly #refOf: (row: number, step: number) => string

  constructor(refOf: (row: number, step: number) => string) {
    this.#refOf = refOf
  }

  has(row: number): boolean {
    return this.#settled.has(row)
  }

  /** `settled` is the store's answer: which of them took effect. */
  add(settlements: readonly Settlement[], settled: ReadonlyMap<number, { canceled: boolean }>): void {
    for (const settlement of settlements) {
      const effect = settled.get(settlement.id)
      if (effect === undefined) continue
      const { id, status, step, due, revision, sent, errors, message } = settlement
      this.#settled.add(id)
      if (sent > 0) this.counts.sent += 1
      else if (errors > 0) this.counts.failed += 1
      else if (message?.status === 'not_sent') this.counts.skipped += 1
      if (effect.canceled) this.counts.canceled += 1
      else if (status === 'waiting') {
        this.asleep.push({ id, recipient: '', step: this.#refOf(id, step), due, revision: revision + 1 })
      }
    }
  }
}
