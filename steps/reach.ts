import type { Definition } from '../definitions/definition.ts'
import { kindOf } from './registry.ts'

const known = new WeakMap<Definition, readonly boolean[]>()

/** Whether anything may still act from a step on, the step included; `null`, the end, may not. Worked out once a definition. */
export function mayStillAct(definition: Definition, step: number | null): boolean {
  if (step === null) return false
  let reach = known.get(definition)
  if (reach === undefined) {
    reach = reachOf(definition)
    known.set(definition, reach)
  }
  return reach[step] ?? false
}

/** Steps go on to later ones only, so one pass from the last to the first sees every target before its source. */
function reachOf({ steps }: Definition): boolean[] {
  const reach = new Array<boolean>(steps.length).fill(false)
  for (let index = steps.length - 1; index >= 0; index -= 1) {
    const step = steps[index]!
    const kind = kindOf(step.type)
    reach[index] = kind.acts || kind.targets(step).some((target) => target !== null && reach[target] === true)
  }
  return reach
}
