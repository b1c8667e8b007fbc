import { shownAs } from '../steps/conditions.ts'
import type { AnyStepResult, Walk } from '../steps/kind.ts'
import { messageId } from '../store/ids/message-id.ts'
import type { Database } from '../store/postgres/database.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { contentText } from './content-text.ts'
import type { Entry } from './entry.ts'
import { offsetText } from './offset.ts'
import { stepText } from './step-text.ts'
import { messageStates, rowStates, type MessageState, type RowState } from './store-state.ts'
import { whyOf } from './why.ts'

/**
 * What happens in a rehearsal, as it happens: what steps come to, told by the walk itself; what becomes of messages and
 * recipient runs, read from the store after each turn.
 */
export class Timeline {
  readonly entries: Entry[] = []
  /** Messages by id: whom a channel would have reached. */
  readonly reached = new Map<string, string>()
  readonly #db: Database
  readonly #start: number
  readonly #now: () => number
  /** Triggers up to this one are not the rehearsal's. */
  readonly #after: number
  readonly #statuses = new Map<string, string>()
  readonly #over = new Set<number>()
  /** Rows that came to a batch, with the line that is to say how. */
  #atBatch: { row: number; entry: Entry; leads: boolean }[] = []
  #rows = new Map<number, RowState>()

  constructor(db: Database, { start, now, after }: { start: number; now: () => number; after: number }) {
    this.#db = db
    this.#start = start
    this.#now = now
    this.#after = after
  }

  add(entry: Omit<Entry, 'at' | 'why'> & Partial<Pick<Entry, 'why'>>): Entry {
    const added = { at: this.#now(), why: [], ...entry }
    this.entries.push(added)
    return added
  }

  /** As a StepListener. */
  told(walk: Walk, result: AnyStepResult): void {
    const about = { workflow: walk.definition.key, recipient: walk.recipient.id, label: walk.step.ref }
    const held = walk.held == null ? {} : shownAs(walk.held)
    const data = { ...held, ...result.skipped?.data, ...result.decided?.data }
    const text = stepText(walk, result, { start: this.#start, now: this.#now() })
    if (text !== null) this.add({ ...about, text, why: whyOf(data), ...(Object.keys(data).length > 0 && { data }) })
    if (result.kind === 'wait' && result.entry !== undefined)
      this.#atBatch.push({
        row: walk.row.id,
        entry: this.add({ ...about, text: '' }),
        leads: result.entry.place === 'later',
      })
    for (const message of result.messages ?? []) {
      const { due, status, reason } = message
      const later =
        due !== null && due > this.#now() ? `; not before ${offsetText(due - this.#start)}: send window` : ''
      const unsent = status === 'not_sent' ? `; not sent: ${reason ?? ''}` : ''
      this.#statuses.set(`${message.recipientRunId} ${message.number}`, status)
      this.add({
        ...about,
        text: contentText(message) + later + unsent,
        why: whyOf(held),
        data: message.content as JsonObject,
      })
    }
  }

  /** After each turn: what has become of messages and recipient runs. */
  async look(): Promise<void> {
    const rows = await rowStates(this.#db, this.#after)
    for (const row of rows) if (!this.#rows.has(row.id) && row.phase === 'wait') this.#beginsAsleep(row)
    this.#rows = new Map(rows.map((row) => [row.id, row]))
    for (const { row, entry, leads } of this.#atBatch) {
      const due = this.#rows.get(row)?.due ?? null
      const until = due === null ? '' : offsetText(due - this.#start)
      entry.text = due === null ? 'joins' : leads ? `joins; carries it until ${until}` : `opens until ${until}`
    }
    this.#atBatch = []
    for (const message of await messageStates(this.#db, this.#after)) this.#message(message)
    for (const row of rows) if (row.status === 'ended' && !this.#over.has(row.id)) this.#end(row)
  }

  /** A first delay that the trigger alone settles is planned by it. */
  #beginsAsleep({ workflow, recipient, ref, due }: RowState): void {
    this.add({ workflow, recipient, label: ref, text: `waits until ${offsetText((due ?? this.#start) - this.#start)}` })
  }

  #message(message: MessageState): void {
    const key = `${message.row} ${message.number}`
    const { status, reason, ref } = message
    if (this.#statuses.get(key) === status) return
    this.#statuses.set(key, status)
    const { workflow, recipient } = this.#rows.get(message.row)!
    const whom = this.reached.get(messageId(message, { recipientRunId: message.row, number: message.number }))
    const because = reason === null ? '' : `: ${reason}`
    const said = status === 'not_sent' && reason === 'canceled' ? 'taken back' : status.replaceAll('_', ' ') + because
    this.add({
      workflow,
      recipient,
      label: ref,
      text: whom !== undefined && status === 'sent' ? `sent to ${whom}` : said,
    })
  }

  #end({ id, workflow, recipient, ref, reason, errors, isMember, last }: RowState): void {
    this.#over.add(id)
    const about = { workflow, recipient }
    if (isMember) this.add({ ...about, label: 'end', text: 'goes on in the batch' })
    else if (reason === null) this.add({ ...about, label: 'end', text: 'completed' })
    else {
      const begins = last?.event !== 'workflow_skipped'
      const text = begins ? `${errors > 0 ? 'failed' : 'ended'} here: ${reason}` : `does not begin: ${reason}`
      this.add({ ...about, label: begins ? ref : 'end', text, why: whyOf(last?.data ?? undefined) })
    }
  }
}
