import type { ChannelStep } from '../../definitions/definition.ts'
import type { NewMessage } from '../../store/messages/new-message.ts'
import { renderStep } from '../../templates/render.ts'
import type { StepKind, StepResult, Walk } from '../kind.ts'

/**
 * Makes its message, and the walk goes on: an in-app message is delivered by being written, any other is sent by itself
 * from then on. A template that cannot work fails the recipient run, and no message is made.
 */
export const channelKind: StepKind<ChannelStep> = {
  type: 'channel',
  acts: true,
  targets: ({ next }) => [next],
  enter: (walks, { now }) => Promise.resolve(walks.map((walk) => make(walk, now))),
  resume: (walks, { now }) => Promise.resolve(walks.map((walk) => make(walk, now))),
}

function make(walk: Walk<ChannelStep>, now: number): StepResult {
  try {
    return { kind: 'go_on', messages: [messageOf(walk, now)] }
  } catch (error) {
    return { kind: 'fail', reason: error instanceof Error ? error.message : String(error) }
  }
}

function messageOf({ step, stepIndex, scope, trigger, row, nextMessage }: Walk<ChannelStep>, now: number): NewMessage {
  const { content } = renderStep(step, scope)
  const message = {
    recipientRunId: row.id,
    number: nextMessage,
    step: stepIndex,
    stepRef: step.ref,
    part: 0,
    recipient: row.recipient,
    channelId: step.channel.id,
    channelType: step.channelType,
    content,
  }
  if (trigger.sandboxMode) return { ...message, status: 'not_sent', due: null, reason: 'sandbox mode' }
  if (step.channelType === 'in_app_feed') return { ...message, status: 'delivered', due: null, reason: null }
  return { ...message, status: 'queued', due: now, reason: null }
}
