import { setImmediate as turn } from 'node:timers/promises'
import type { Database } from '../../store/postgres/database.ts'

/** A kind of error that is never tried again: a process that is gone does nothing more. */
export class ProcessDied extends TypeError {}

export function isDeath(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof ProcessDied) return true
  return false
}

/** Turns of the event loop without a call after which nothing more will come by itself. */
const QUIET_TURNS = 6

/** A store as a process sees it that may die after so many calls. */
export class MortalStore {
  readonly db: Database
  /** Calls it still lives for. */
  left = Infinity
  isDead = false
  /** Done just before the call after so many others: whatever else happens to the store in between. */
  interjection: { after: number; work: () => Promise<void> } | undefined
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(db: Database) {
    this.db = this.#mortal(db)
  }

  die(): void {
    this.isDead = true
  }

  /** Resolves when no call is under way, and none has come for some turns. */
  async quiet(): Promise<void> {
    for (let turns = 0; turns < QUIET_TURNS; turns += 1) {
      if (this.#underWay.size > 0) {
        await Promise.allSettled(this.#underWay)
        turns = 0
      }
      await turn()
    }
  }

  async #carryOut(call: () => unknown): Promise<unknown> {
    const { interjection } = this
    if (interjection !== undefined && interjection.after-- <= 0) await this.interject()
    return call()
  }

  /** What is to be done in between is done now, if it was not. */
  async interject(): Promise<void> {
    const { interjection } = this
    this.interjection = undefined
    await interjection?.work()
  }

  /** Statements under way when the process dies are carried out: nobody hears of it. */
  #mortal(db: Database): Database {
    return new Proxy(db, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          if (this.left <= 0) this.isDead = true
          if (this.isDead) throw new ProcessDied('the process is gone')
          this.left -= 1
          if (name !== 'execute' && name !== 'transaction') return Reflect.apply(value, target, args) as unknown
          const carriedOut = this.#carryOut(() => Reflect.apply(value, target, args) as unknown)
          const settled = carriedOut.then(
            () => undefined,
            () => undefined,
          )
          this.#underWay.add(settled)
          void settled.then(() => this.#underWay.delete(settled))
          return carriedOut
        }
      },
    })
  }
}
