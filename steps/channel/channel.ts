import type { ChannelStep } from '../../definitions/step.ts'
import type { NewMessage } from '../../store/messages/new-message.ts'
import { TemplateError } from '../../templates/filler.ts'
import { zoneFor } from '../delay/zone.ts'
import { messageId } from '../../store/ids/message-id.ts'
import { withDevice, type Scope } from '../../templates/scope.ts'
import type { MessageDevice } from '../../channels/channel-type.ts'
import { channelTypeOf } from '../../channels/registry.ts'
import { renderAt } from '../../channels/render-step.ts'
import { candidatesOf, chosen, leftOut, noneOf, refusals, type Candidate } from './candidates.ts'
import { loadDevices, type Devices } from './devices.ts'
import type { Decided, StepDeps, StepKind, StepResult, Walk } from '../kind.ts'
import { renderEach } from '../render-each.ts'
import { channelFile } from './file.ts'
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
  movable: false,
  targets: ({ next }) => [next],
  enter: passGate,
  resume: passGate,
}

/** The channels that make messages, and what is told of those that were refused. */
interface Used {
  candidates: readonly Candidate[]
  decided: Decided | undefined
}

async function passGate(walks: readonly Walk<ChannelStep>[], deps: StepDeps): Promise<StepResult[]> {
  const lists = walks.map(candidatesOf)
  const candidates = lists.flat()
  const refused = await refusals(candidates, deps)
  const devices = await loadDevices(deps.db, candidates)
  const usedOf = new Map<Walk<ChannelStep>, Used>()
  let first = 0
  const results = lists.map((list, index): StepResult | undefined => {
    const refusedOf = refused.slice(first, (first += list.length))
    const open = list.filter((_candidate, place) => refusedOf[place] === null)
    if (open.length === 0) return noneOf(list, refusedOf as StepResult[])
    const candidates = chosen(open, devices)
    const decided = open.length === list.length ? undefined : leftOut(list, refusedOf, candidates)
    usedOf.set(walks[index]!, { candidates, decided })
    return undefined
  })
  const made = (
    await renderEach([...usedOf.keys()], (walk) => make(usedOf.get(walk)!, devices, deps), deps.room)
  ).values()
  return results.map((result) => result ?? made.next().value!)
}

/** Of a group each channel makes its own, and of a push channel each device gets one. */
function make({ candidates, decided }: Used, devices: Devices, deps: StepDeps): StepResult {
  try {
    const messages: NewMessage[] = []
    for (const candidate of candidates) {
      for (const device of devices(candidate)) messages.push(messageOf(candidate, device, messages.length, deps))
    }
    return decided === undefined ? { kind: 'go_on', messages } : { kind: 'go_on', messages, decided }
  } catch (error) {
    // A fault of the program is nothing that the author of the workflow could mend.
    if (!(error instanceof TemplateError)) throw error
    return { kind: 'fail', reason: error.message }
  }
}

/** `part`: its place among the messages of this step. One literal and no spread: it is made for every recipient. */
function messageOf(
  walk: Walk<ChannelStep>,
  device: MessageDevice | null,
  part: number,
  { channels, now, timeZone, links }: StepDeps,
): NewMessage {
  const { step, stepIndex, trigger, row, nextMessage, batch } = walk
  const recipientRunId = row.id
  const number = nextMessage + part
  const isFirst = device === null && part === 0
  const id = messageId(trigger, { recipientRunId, number })
  const scope = isFirst ? walk.scope : withDevice(walk.scope, id, device ?? {})
  const type = channelTypeOf(step.channelType)
  const filled = renderAt(step, scope, channels.get(step.channel.key))
  const rendered = type.tracked?.(filled, step.template, { messageId: id, scope, links }) ?? filled
  const content = device === null ? rendered : { ...rendered, token: device.token }
  const isQueued = !trigger.sandboxMode && type.sending !== null
  const due = isQueued ? sendInstant(step, scope, now, timeZone) : null
  return {
    recipientRunId,
    number,
    step: stepIndex,
    stepRef: step.ref,
    part,
    recipient: row.recipient,
    channelId: step.channel.id,
    channelType: step.channelType,
    content,
    batch: batch === null ? undefined : { id: batch.id, revision: batch.revision },
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
