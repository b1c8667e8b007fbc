import type { JsonPath } from './source.ts'

/** Any step of the same ref: what else names it finds it. */
const stepFor = (step: unknown) => {
  const ref = typeof step === 'object' && step !== null && 'ref' in step ? step.ref : undefined
  return { ref: typeof ref === 'string' ? ref : 'unreadable', type: 'update_data', settings: { data: '{}' } }
}

/**
 * A workflow file with another step in the place of each that cannot be read, and without the fields that cannot: so that
 * what is wrong with the others is told in the same run. Null where its list of steps is at fault itself.
 */
export function withoutFaults(file: unknown, faults: readonly JsonPath[]): unknown {
  if (typeof file !== 'object' || file === null) return null
  const copy = structuredClone(file)
  for (const at of faults) {
    const last = at.findLastIndex((part, index) => typeof part === 'number' && at[index - 1] === 'steps')
    if (last === -1 && (at[0] === undefined || at[0] === 'steps')) return null
    if (last === -1) Reflect.deleteProperty(copy, at[0]!)
    else replace(copy, at.slice(0, last + 1))
  }
  return copy
}

function replace(file: object, at: JsonPath): void {
  let list: unknown = file
  for (const part of at.slice(0, -1)) list = typeof list === 'object' && list !== null ? Reflect.get(list, part) : null
  if (!Array.isArray(list)) return
  const index = Number(at.at(-1))
  list[index] = stepFor(list[index])
}
