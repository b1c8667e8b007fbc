import type { ChannelStep } from '../../definitions/definition.ts'
import type { NewMessage } from '../../store/messages/new-message.ts'
import { renderStep, TemplateError } from '../../templates/render.ts'
import { zoneFor } from '../delay/zone.ts'
import { messageId } from '../../store/ids/message-id.ts'
import { withDevice, type Scope } from '../../templates/scope.ts'
import type { Device } from '../../channels/push/push-tokens.ts'
import { loadDevices } from './devices.ts'
import { judgeStep, skippedBy } from '../judge.ts'
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
  const judgements = await judgeStep(walks, deps)
  const results = walks.map((walk, index) => {
    const { result, explanation } = judgements[index]!
    return result ? heldBack(walk, deps) : skippedBy(explanation)
  })
  const passed = walks.filter((_walk, index) => results[index] === null)
  const devices = await loadDevices(deps.db, passed)
  const made = (await renderEach(passed, (walk) => make(walk, devices(walk), deps))).values()
  return results.map((result) => result ?? made.next().value!)
}

function make(walk: Walk<ChannelStep>, devices: readonly (Device | null)[], deps: StepDeps): StepResult {
  try {
    return { kind: 'go_on', messages: devices.map((device, part) => messageOf(walk, { device, part }, deps)) }
  } catch (error) {
    // A fault of the program is nothing that the author of the workflow could mend.
    if (!(error instanceof TemplateError)) throw error
    return { kind: 'fail', reason: error.message }
  }
}

interface Place {
  device: Device | null
  part: number
}

function messageOf(walk: Walk<ChannelStep>, { device, part }: Place, { now, timeZone }: StepDeps): NewMessage {
  const { step, stepIndex, trigger, row, nextMessage, batch } = walk
  const key = { recipientRunId: row.id, number: nextMessage + part }
  const scope = device === null ? walk.scope : withDevice(walk.scope, messageId(trigger, key), device)
  const rendered = renderStep(step, scope).content
  const content = device === null ? rendered : { ...rendered, token: device.token }
  const isQueued = !trigger.sandboxMode && step.channelType !== 'in_app_feed'
  const due = isQueued ? sendInstant(step, scope, now, timeZone) : null
  return {
    ...key,
    step: stepIndex,
    stepRef: step.ref,
    part,
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
function sendInstant(step: ChannelStep, scope: Scope, now: number, timeZone: StepDeps['timeZone']): number {
  if (step.sendWindows === undefined) return now
  return nextSendInstant(step.sendWindows, zoneFor(scope, timeZone), now)
}
