import type { ChannelStep } from '../../definitions/step.ts'
import type { JsonObject } from '../../store/schema/index.ts'
import { evaluateWalks, shownAs } from '../conditions.ts'
import type { StepDeps, StepResult, Walk } from '../kind.ts'
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
  const channels = refused.map(({ skipped }, index): JsonObject => {
    return { channel: candidates[index]!.step.channel.key, ...skipped?.data, reason: skipped?.reason ?? '' }
  })
  return { kind: 'go_on', skipped: { reason: 'no channel of the group may be used', data: { channels } } }
}
