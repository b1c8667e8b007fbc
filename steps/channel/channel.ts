import type { ChannelStep } from '../../definitions/definition.ts'
import type { NewMessage } from '../../store/messages/new-message.ts'
import { renderStep } from '../../templates/render.ts'
import { zoneFor } from '../delay/zone.ts'
import { judge, skippedBy } from '../judge.ts'
import type { StepDeps, StepKind, StepResult, Walk } from '../kind.ts'
import { renderEach } from '../render-each.ts'
import { channelFile } from './file.ts'
import { heldBack } from './preferred.ts'
import { nextSendInstant } from './send-window.ts'

/**
 * Makes its message, and the walk goes on: an in-app message is delivered by being written, any other is sent by itself
 * from then on, and not outside of the step's send windows. A step whose conditions do not
 * hold, or that the recipient does not want, is skipped. A template
 * that cannot work fails the recipient run, and no message is made.
 */
export const channelKind: StepKind<ChannelStep> = {
  type: 'channel',
  file: channelFile,
  acts: true,
  targets: ({ next }) => [next],
  enter: passGate,
  resume: passGate,
}

async function passGate(walks: readonly Walk<ChannelStep>[], deps: StepDeps): Promise<StepResult[]> {
  const judgements = await judge(walks, ({ step }) => step.conditions, deps)
  const results = walks.map((walk, index) => {
    const { result, explanation } = judgements[index]!
    return result ? heldBack(walk, deps) : skippedBy(explanation)
  })
  const passed = walks.filter((_walk, index) => results[index] === null)
  const made = (await renderEach(passed, (walk) => make(walk, deps))).values()
  return results.map((result) => result ?? made.next().value!)
}

function make(walk: Walk<ChannelStep>, deps: StepDeps): StepResult {
  try {
    return { kind: 'go_on', messages: [messageOf(walk, deps)] }
  } catch (error) {
    return { kind: 'fail', reason: error instanceof Error ? error.message : String(error) }
  }
}

function messageOf(walk: Walk<ChannelStep>, { now, timeZone }: StepDeps): NewMessage {
  const { step, stepIndex, scope, trigger, row, nextMessage, batch } = walk
  const { content } = renderStep(step, scope)
  const isQueued = !trigger.sandboxMode && step.channelType !== 'in_app_feed'
  const due = isQueued ? sendInstant(walk, now, timeZone) : null
  return {
    recipientRunId: row.id,
    number: nextMessage,
    step: stepIndex,
    stepRef: step.ref,
    part: 0,
    recipient: row.recipient,
    channelId: step.channel.id,
    channelType: step.channelType,
    content,
    ...(batch !== null && { batch: { id: batch.id, revision: batch.revision } }),
    status: trigger.sandboxMode ? 'not_sent' : isQueued ? 'queued' : 'delivered',
    due,
    reason: trigger.sandboxMode ? 'sandbox mode' : null,
  }
}

/** At once, or when the step's next send window opens. */
function sendInstant({ step, scope }: Walk<ChannelStep>, now: number, timeZone: StepDeps['timeZone']): number {
  if (step.sendWindows === undefined) return now
  return nextSendInstant(step.sendWindows, zoneFor(scope, timeZone), now)
}
