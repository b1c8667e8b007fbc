import { createHash } from 'node:crypto'
import type { CohortStep } from '../../definitions/step.ts'
import { parsePath } from '../../conditions/path.ts'
import { renderLiquid } from '../../templates/liquid.ts'
import { keyRenderingFor } from '../../templates/rendering-for.ts'
import { valueOfKey } from '../key-of.ts'
import type { StepKind, StepResult, Walk } from '../kind.ts'
import { cohortFile } from './file.ts'

/** Goes on in a cohort chosen by chance, and always in the same for the same key in the same step. */
export const cohortKind: StepKind<CohortStep> = {
  type: 'random_cohort',
  file: cohortFile,
  acts: false,
  movable: false,
  targets: ({ cohorts }) => cohorts.map(({ to }) => to),
  enter: (walks) => Promise.resolve(walks.map(choose)),
  resume: (walks) => Promise.resolve(walks.map(choose)),
}

function choose(walk: Walk<CohortStep>): StepResult {
  const { step, definition } = walk
  try {
    const { name, to } = step.cohorts[cohortOf(`${definition.key} ${step.ref} ${keyOf(walk)}`, step.cohorts)]!
    const data = { cohort: name }
    return { kind: 'go_on', to, decided: { text: `cohort ${name}`, data }, state: { [step.ref]: data } }
  } catch (error) {
    return { kind: 'fail', reason: `cohort_key: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** Index of the cohort of a text: each has its share, in tenths of a percent, of all texts. */
export function cohortOf(text: string, cohorts: readonly { share: number }[]): number {
  // 48 bits: no cohort is off its share by more than one text in 2^38.
  let left = createHash('sha256').update(text).digest().readUIntBE(0, 6) % 1000
  return cohorts.findIndex(({ share }) => (left -= share) < 0)
}

/** A path or Liquid; a kept key that is neither stays a text, the same for everybody. Where it gives nothing, the recipient. */
function keyOf({ step, scope, row }: Walk<CohortStep>): string {
  const { cohortKey } = step
  if (cohortKey === null) return row.recipient
  const path = cohortKey.includes('{') ? null : parsePath(cohortKey.trim())
  const value = path === null ? renderLiquid(cohortKey, 'text', scope, keyRenderingFor(scope)) : valueOfKey(path, scope)
  const text = typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)
  // White space counts in a key that has more: without it people would change their cohorts.
  return text.trim() === '' ? row.recipient : text
}
