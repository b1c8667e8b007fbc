import { triggerOf, triggerRequest } from '../api/requests/trigger.ts'
import { faultsOf } from '../api/http/field-errors.ts'
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
import type { Entry } from './entry.ts'
import type { Happening } from './happening.ts'
import { messageStates } from './store-state.ts'
import type { Timeline } from './timeline.ts'

/** The key under which a rehearsal triggers and cancels. */
const CANCELATION_KEY = 'rehearsal'

const caller = { apiKey: 'rehearsal' }

type Add = (label: string, text: string, more?: Partial<Pick<Entry, 'why' | 'data' | 'isRefused'>>) => unknown

/** What the API would have answered. */
const refusal = (code: string, why: string[]) => [`refused: ${code}`, { why, isRefused: true as const }] as const

/** Lets something come from outside, as the API would take it, and says in the timeline what came of it. */
export async function happen(
  deps: EngineDeps,
  workflow: string,
  happening: Happening,
  timeline: Timeline,
  after: number,
): Promise<void> {
  const add: Add = (label, text, more = {}) => timeline.add({ workflow, recipient: null, label, text, ...more })
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
      const parsed = recipientRequest.safeParse({ ...properties, id }, { error: zodErrorMap })
      if (!parsed.success) {
        add('update', ...refusal('invalid_params', linesOf(faultsOf(parsed.error))))
        return
      }
      add('update', `user ${id} ${JSON.stringify(properties)}`)
      await transaction(deps.store.db, (tx) => storeRecipients(tx, [parsed.data], deps))
    }
  }
}

async function trigger(deps: EngineDeps, workflow: string, given: JsonObject, add: Add): Promise<void> {
  const parsed = triggerRequest.safeParse({ cancelation_key: CANCELATION_KEY, ...given }, { error: zodErrorMap })
  if (!parsed.success) {
    add('trigger', ...refusal('invalid_params', linesOf(faultsOf(parsed.error))))
    return
  }
  try {
    const { answer } = await acceptTrigger(deps, caller, workflow, triggerOf(parsed.data))
    add('trigger', answer.kept === true ? 'kept what is pending' : answer.joined === true ? 'joined' : 'accepted')
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    const faults = linesOf(error.fields)
    add('trigger', ...refusal(error.code, error.message === '' ? faults : [error.message, ...faults]))
  }
}

const linesOf = (faults: readonly { field: string; message: string }[]): string[] =>
  faults.map(({ field, message }) => `${field} ${message}`)

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
