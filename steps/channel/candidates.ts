import type { ChannelStep } from '../../definitions/step.ts'
import type { JsonObject } from '../../store/schema/index.ts'
import { evaluateWalks, shownAs } from '../conditions.ts'
import type { Decided, StepDeps, StepResult, Walk } from '../kind.ts'
import type { Devices } from './devices.ts'
import { heldBack } from './preferred.ts'

/** A walk that looks at one channel of its step. */
export type Candidate = Walk<ChannelStep>

/** The walk once for each channel of its step's group, in the group's order; without a group for the one there is. */
export function candidatesOf(walk: Walk<ChannelStep>): Candidate[] {
  const { group } = walk.step
  if (group === undefined) return [walk]
  return group.channels.map((channel) => ({ ...walk, step: { ...walk.step, channel } }))
}

/**
 * Of the candidates of many walks, why each makes no message: the conditions of its channel, or the recipient's preferences;
 * null where it may. In sandbox mode channels' conditions are not asked.
 */
export async function refusals(candidates: readonly Candidate[], deps: StepDeps): Promise<(StepResult | null)[]> {
  const conditionsOf = ({ step, trigger }: Candidate) => (trigger.sandboxMode ? undefined : step.channel.conditions)
  const judgements = await evaluateWalks(candidates, conditionsOf, deps)
  return candidates.map((candidate, index) => {
    const { result, explanation } = judgements[index]!
    if (result) return heldBack(candidate, deps)
    const reason = 'conditions of the channel do not hold'
    return {
      kind: 'go_on',
      skipped: { reason, data: { channel: candidate.step.channel.key, ...shownAs(explanation) } },
    }
  })
}

/**
 * Who of a walk's candidates that may make a message does: of a group with `any` the first, else all; where the recipient
 * has a device at some of the channels, those without are left out.
 */
export function chosen(open: readonly Candidate[], devices: Devices): readonly Candidate[] {
  const [first] = open
  if (first === undefined || open.length === 1) return open
  const reached = open.filter((candidate) => devices(candidate).some((device) => device !== null))
  const best = reached.length > 0 ? reached : open
  return first.step.group?.operator === 'any' ? best.slice(0, 1) : best
}

/** The result of a step none of whose channels may make a message: of a group each channel with its reason. */
export function noneOf(candidates: readonly Candidate[], refused: readonly StepResult[]): StepResult {
  if (candidates.length === 1) return refused[0]!
  const channels = candidates.map((candidate, index) => refusalOf(candidate, refused[index]!))
  return { kind: 'go_on', skipped: { reason: 'no channel of the group may be used', data: { channels } } }
}

/**
 * Which of a group's channels are left out because they were refused, each with its reason, while others are used; of a group
 * with `any` those before the one that is, since nobody asks for the rest. Undefined: none.
 */
export function leftOut(
  candidates: readonly Candidate[],
  refused: readonly (StepResult | null)[],
  used: readonly Candidate[],
): Decided | undefined {
  const isAny = candidates[0]?.step.group?.operator === 'any'
  const asked = isAny ? candidates.slice(0, candidates.indexOf(used[0]!)) : candidates
  const channels = asked.flatMap((candidate, index) => {
    const result = refused[index] ?? null
    return result === null ? [] : [{ key: candidate.step.channel.key, told: refusalOf(candidate, result) }]
  })
  if (channels.length === 0) return undefined
  const text = `leaves out ${channels.map(({ key }) => key).join(', ')}`
  return { text, data: { channels: channels.map(({ told }) => told) } }
}

function refusalOf({ step }: Candidate, { skipped }: StepResult): JsonObject {
  return { channel: step.channel.key, ...skipped?.data, reason: skipped?.reason ?? '' }
}
