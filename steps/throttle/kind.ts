import { createHash } from 'node:crypto'
import type { ThrottleStep } from '../../definitions/step.ts'
import { countPasses, type Passing } from '../../store/throttles/pass.ts'
import { zoneFor } from '../delay/zone.ts'
import { keyOf } from '../key-of.ts'
import type { StepDeps, StepKind, StepResult, Walk } from '../kind.ts'
import { throttleFile } from './file.ts'
import { windowEnd } from './window.ts'

/**
 * Lets a recipient run pass a number of times in a window that its first pass opens, and ends the run beyond. Each step
 * counts by itself, for each recipient and key, and what is only tried out in the sandbox apart from the rest. Where key
 * or window cannot be told the step is skipped.
 */
export const throttleKind: StepKind<ThrottleStep> = {
  type: 'throttle',
  file: throttleFile,
  acts: false,
  movable: false,
  targets: ({ next }) => [next],
  enter: pass,
  resume: pass,
}

async function pass(walks: readonly Walk<ThrottleStep>[], deps: StepDeps): Promise<StepResult[]> {
  const results = new Map<Walk, StepResult>()
  const passings = new Map<Walk, Passing>()
  for (const walk of walks) {
    const passing = passingOf(walk, deps)
    if (typeof passing === 'string') results.set(walk, { kind: 'go_on', skipped: { reason: passing } })
    else passings.set(walk, passing)
  }
  const passed = await countPasses(deps.db, [...passings.values()], deps.now)
  ;[...passings.keys()].forEach((walk, index) => results.set(walk, resultOf(passed[index]!, passings.get(walk)!)))
  return walks.map((walk) => results.get(walk)!)
}

function resultOf({ passed, endsAt }: { passed: boolean; endsAt: number }, { limit }: Passing): StepResult {
  const until = new Date(endsAt).toISOString()
  if (passed) return { kind: 'go_on', decided: { text: 'passes', data: { passed: true, until } } }
  return { kind: 'end', reason: `throttled: ${limit} already passed in the window that closes at ${until}` }
}

/** A text says why the throttle is skipped. */
function passingOf({ step, scope, row, definition, trigger }: Walk<ThrottleStep>, deps: StepDeps): Passing | string {
  const key = step.throttleKey === null ? { key: '' } : keyOf('throttle_key', step.throttleKey, scope)
  if ('problem' in key) return key.problem
  const endsAt = windowEnd(step, scope, deps.now, zoneFor(scope, deps.timeZone))
  if (typeof endsAt === 'string') return endsAt
  const throttle = createHash('sha256')
    .update(JSON.stringify([definition.key, step.ref, key.key, ...(trigger.sandboxMode ? ['sandbox'] : [])]))
    .digest('hex')
  return { recipientRunId: row.id, recipient: row.recipient, throttle, limit: step.limit, endsAt }
}
