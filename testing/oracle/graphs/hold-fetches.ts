import assert from 'node:assert/strict'
import type { HandOvers } from '../handed-over.ts'
import type { Row } from './seen.ts'
import type { Walked } from './walks.ts'

/** A fetch as its server had it. */
export interface Fetch {
  ref: string
  /** In the one order of all that happens. */
  order: number
  at: number
  /** The recipient runs whose activities it contains. */
  rows: number[]
  /** Its process was there to record the answer. */
  isRecorded: boolean
}

/** How often a step asks that is answered so. */
const mostTries = { good: 1, gone: 1, down: 3 } as const

/**
 * Each fetch contains activities of who came to its step, each once: after a cancel of one of them only where that said the
 * step was under way. One that was answered had all those nobody ever took back; and none is asked again but after a death.
 */
export function holdFetches(
  fetches: readonly Fetch[],
  rows: readonly Row[],
  walks: ReadonlyMap<number, Walked>,
  handOvers: HandOvers,
): void {
  const steps = rows.flatMap((row) =>
    walks.get(row.id)!.fetched.map((step) => {
      const within = step.isDigest ? rows.filter(({ batch }) => batch === row.batch).map(({ id }) => id) : [row.id]
      return { ...step, row: row.id, within }
    }),
  )
  const stepOf = ({ ref, rows: shown }: Fetch) =>
    steps.find((step) => step.ref === ref && shown.every((each) => step.within.includes(each)))
  for (const fetch of fetches) {
    const { ref, order, rows: shown } = fetch
    assert.ok(shown.length > 0 && new Set(shown).size === shown.length, `${ref} asked for ${shown.join()}`)
    assert.ok(stepOf(fetch) !== undefined, `${ref} asked for ${shown.join()}, who never came to it`)
    for (const each of shown) {
      const said = handOvers.verdicts.get(each)
      const isLate = said !== undefined && handOvers.isTaken(each) && order > said.order && !said.inFlight.includes(ref)
      assert.ok(!isLate, `${ref} asked for ${each} after "${said?.outcome}"`)
    }
  }
  for (const step of steps) {
    const own = fetches.filter((fetch) => stepOf(fetch) === step)
    const recorded = own.filter(({ isRecorded }) => isRecorded)
    assert.ok(recorded.length <= mostTries[step.answer], `${step.row} asked ${recorded.length} times in ${step.ref}`)
    if (step.answeredAt === null) continue
    const last = own.at(-1)
    assert.ok(
      last !== undefined && last.at <= step.answeredAt,
      `${step.row} was answered in ${step.ref}, and never asked`,
    )
    const left = step.within.filter((each) => !handOvers.isTaken(each) && !last.rows.includes(each))
    assert.deepEqual(left, [], `${step.ref} asked without them`)
  }
}
