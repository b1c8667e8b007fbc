import { triggerOf, triggerRequest } from '../api/requests/trigger.ts'
import { acceptTrigger } from '../engine/accept-trigger.ts'
import { cancel } from '../engine/cancel.ts'
import type { EngineDeps } from '../engine/deps.ts'
import { EngineError } from '../engine/errors.ts'
import { postEvent } from '../engine/post-event.ts'
import { storeRecipients } from '../engine/store-profiles.ts'
import { recipientRequest } from '../engine/recipient-request.ts'
import { zodErrorMap } from '../settings/zod-error-map.ts'
import { messageId } from '../store/ids/message-id.ts'
import { engage } from '../store/messages/engagement.ts'
import { transaction } from '../store/postgres/database.ts'
import type { JsonObject } from '../store/schema/index.ts'
import type { Verdict } from '../store/recipient-runs/verdict.ts'
import type { Happening } from './happening.ts'
import { messageStates } from './store-state.ts'
import type { Timeline } from './timeline.ts'

/** The key under which a rehearsal triggers and cancels. */
const CANCELATION_KEY = 'rehearsal'

const caller = { apiKey: 'rehearsal' }

/** Lets something come from outside, as the API would take it, and says in the timeline what came of it. */
export async function happen(
  deps: EngineDeps,
  workflow: string,
  happening: Happening,
  timeline: Timeline,
  after: number,
): Promise<void> {
  const add = (label: string, text: string, more: { why?: string[]; data?: JsonObject } = {}) =>
    timeline.add({ workflow, recipient: null, label, text, ...more })
  switch (happening.kind) {
    case 'trigger':
      return trigger(deps, workflow, happening.body, add)
    case 'cancel': {
      const address = { key: workflow, cancelationKey: CANCELATION_KEY }
      const recipients = happening.recipients ?? null
      const { answer } = await cancel(deps, caller, address, { recipients })
      add('cancel', summaryText(answer), { why: verdictLines(answer), data: answer as unknown as JsonObject })
      return
    }
    case 'engage': {
      const messages = await messageStates(deps.store.db, after)
      const meant = messages.filter(({ ref }) => happening.step === null || happening.step === ref)
      const ids = meant.map((message) => messageId(message, { recipientRunId: message.row, number: message.number }))
      add(happening.action, meant.length === 0 ? 'no message yet' : meant.map(({ ref }) => ref).join(', '))
      await engage(deps.store.db, ids, happening.action, { now: deps.now() })
      return
    }
    case 'event': {
      const { event, data } = happening
      const { answer } = await postEvent(deps, caller, { event, data, recipients: null })
      add('event', `${event}; ${answer.offered} wait for it`, { data })
      return
    }
    case 'update_user': {
      const { id, properties } = happening
      const user = recipientRequest.parse({ ...properties, id }, { error: zodErrorMap })
      add('update', `user ${id} ${JSON.stringify(properties)}`)
      await transaction(deps.store.db, (tx) => storeRecipients(tx, [user], deps))
    }
  }
}

async function trigger(
  deps: EngineDeps,
  workflow: string,
  given: JsonObject,
  add: (label: string, text: string, more?: { why?: string[] }) => unknown,
): Promise<void> {
  const parsed = triggerRequest.safeParse({ cancelation_key: CANCELATION_KEY, ...given }, { error: zodErrorMap })
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`)
    add('trigger', 'refused', { why: faults })
    return
  }
  try {
    const { answer } = await acceptTrigger(deps, caller, workflow, triggerOf(parsed.data))
    add('trigger', answer.kept === true ? 'kept what is pending' : answer.joined === true ? 'joined' : 'accepted')
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    const faults = error.fields.map(({ field, message }) => `${field} ${message}`)
    add('trigger', `refused: ${error.code}`, { why: error.message === '' ? faults : [error.message, ...faults] })
  }
}

/** The outcomes that there are, with how many: `canceled 1, already_sent 2`. */
function summaryText({ status, summary }: Verdict): string {
  const there = Object.entries(summary).filter(([, count]) => count > 0)
  return there.length === 0 ? status.replace('_', ' ') : there.map(([name, count]) => `${name} ${count}`).join(', ')
}

function verdictLines({ recipients }: Verdict): string[] {
  return recipients.map(({ id, outcome, reason, runs }) => {
    const messages = runs.flatMap((run) => run.messages).length
    const back = runs.flatMap((run) => run.taken_back).length
    const flight = runs.flatMap((run) => run.in_flight)
    const parts = [
      reason === undefined ? outcome : `${outcome}, ${reason}`,
      `${messages} sent before`,
      `${back} taken back`,
      ...(flight.length > 0 ? [`in flight: ${flight.join(', ')}`] : []),
    ]
    return `${typeof id === 'string' ? id : `${id.collection}/${id.id}`}: ${parts.join('; ')}`
  })
}
