import { refOfKey } from '../steps/key-path.ts'
import { refsInLiquid } from '../templates/liquid-refs.ts'

const keys = ['batch_key', 'throttle_key', 'cohort_key']

/** The steps that a text of a workflow file reads which is no condition: by Liquid, or as a key by a path. */
export function refsInField(text: string, field: string): string[] {
  const ref = keys.includes(field) ? refOfKey(text) : null
  return ref === null ? refsInLiquid(text) : [ref]
}
