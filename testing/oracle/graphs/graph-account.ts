import assert from 'node:assert/strict'
import { sql } from 'drizzle-orm'
import { rowOfUuid } from '../../../store/ids/row-id.ts'
import { query, texts, type Database } from '../../../store/postgres/database.ts'
import type { Answer } from '../../../store/recipient-runs/answer.ts'
import type { MoveOutcome } from '../../../store/recipient-runs/move.ts'
import { HandOvers, type HandedOver } from '../handed-over.ts'
import type { ProviderAnswer } from '../provider.ts'
import { Changes } from './changes.ts'
import { holdBatches, holdLeaders } from './hold-batches.ts'
import { holdFetches, type Fetch } from './hold-fetches.ts'
import { allNodes, type Node } from './nodes.ts'
import { loadBatches, loadMessages, loadRows, loadTold, type BatchSeen, type Message, type Row } from './seen.ts'
import { follow, windowFrom, type Passed, type Posted, type Published, type Stand, type Walked } from './walks.ts'
import type { Wish } from './wishes.ts'
import { CHILD } from './written.ts'

export interface GraphAccountOptions {
  /** Its versions, and the one of what it triggers, by their hashes; the one that triggers begin with at first. */
  versions: ReadonlyMap<string, readonly Node[]>
  first: readonly Node[]
  recipients: readonly string[]
  /** Who has two devices. */
  withDevices: string
  dueAt: number
}

/** All that was asked, seen, handed over and answered, in one order, and whether it holds together. */
export class GraphAccount {
  readonly #options: GraphAccountOptions
  readonly handOvers = new HandOvers()
  readonly #fetches: Fetch[] = []
  readonly #stands = new Map<number, Stand[]>()
  readonly #moves = new Map<number, number[]>()
  readonly #posted = new Map<string, Posted[]>()
  /** Recipient runs of the workflow that is triggered: when each was first seen, and those that came to their end. */
  readonly #children = new Map<number, number>()
  readonly #endedChildren = new Set<number>()
  readonly #wishes: ReadonlyMap<string, Changes<Wish>>
  readonly published: Changes<Published>

  constructor(options: GraphAccountOptions) {
    this.#options = options
    this.#wishes = new Map(options.recipients.map((recipient) => [recipient, new Changes<Wish>('all')]))
    this.published = new Changes({ nodes: options.first, isActive: true })
  }

  /** Recipient runs and messages as they are now. */
  look(rows: readonly Row[], messages: readonly Message[], now: number): void {
    const order = this.handOvers.next()
    for (const { id, ref, status, phase, due, enteredAt, recipient, definition, causedBy, errors } of rows) {
      if (definition === CHILD) {
        if (!this.#children.has(id)) this.#children.set(id, order)
        if (status === 'ended' && errors === 0 && !this.#endedChildren.has(id)) {
          this.#endedChildren.add(id)
          this.happened(recipient, { event: 'child', at: now, kind: null })
        }
        assert.ok(causedBy !== null, `nobody triggered ${id}`)
      }
      const stands = this.#stands.get(id) ?? []
      const last = stands.at(-1)
      const isSame = last?.ref === ref && last.due === due
      if (status !== 'waiting' || phase !== 'wait' || isSame) continue
      this.#stands.set(id, [...stands, { ref, due, enteredAt, at: now, order }])
    }
    for (const { row, number, text, at, status } of messages) {
      const message = `${row}/${number}`
      if (status !== 'delivered' || this.handOvers.has(message)) continue
      this.handOvers.add({ message, at, rows: rowsIn(text), answer: 'sent', isRecorded: true })
    }
  }

  sent(given: { row: number; number: number; text: string; at: number; answer: ProviderAnswer }): HandedOver {
    const { row, number, text, at, answer } = given
    return this.handOvers.add({ message: `${row}/${number}`, at, rows: rowsIn(text), answer, isRecorded: false })
  }

  fetched({ text, ...fetch }: Omit<Fetch, 'order' | 'rows'> & { text: string }): void {
    this.#fetches.push({ ...fetch, order: this.handOvers.next(), rows: rowsIn(text) })
  }

  happened(recipient: string, event: Omit<Posted, 'order'>): void {
    this.#posted.set(recipient, [...(this.#posted.get(recipient) ?? []), { ...event, order: this.handOvers.next() }])
  }

  preferred(recipient: string, wish: Wish, at: number): void {
    this.#wishes.get(recipient)!.say(wish, at)
  }

  moved(answer: Answer<MoveOutcome>, due: number, rows: readonly Row[], messages: readonly Message[]): void {
    for (const run of answer.recipients.flatMap((recipient) => recipient.runs)) {
      const id = rowOfUuid(run.workflow_recipient_run_id)!
      const row = rows.find((each) => each.id === id)!
      if (run.outcome !== 'rescheduled' && run.outcome !== 'sent_now') {
        const isAsleep = row.status === 'waiting' && row.phase === 'wait' && row.batch === null
        assert.ok(!isAsleep || this.#stepOf(row).type !== 'delay', `what sleeps was not moved: ${JSON.stringify(run)}`)
        continue
      }
      // Of who stands in a batch, only what was made before it and waits for another try.
      const waits = messages.some((each) => each.row === id && each.batch === null && each.status === 'queued')
      assert.ok(row.batch === null || waits, `what stands in a batch was moved: ${JSON.stringify({ run, row })}`)
      assert.ok(!this.handOvers.isTaken(id), `what was canceled was moved: ${JSON.stringify(run)}`)
      this.#moves.set(id, [...(this.#moves.get(id) ?? []), due])
    }
  }

  /** The step that a row stands in. */
  #stepOf({ ref, began, movedTo }: Row): Node {
    return allNodes(this.#options.versions.get(movedTo ?? began)!).find((node) => node.ref === ref)!
  }

  /** Held once nothing is under way any more. */
  async hold(db: Database): Promise<void> {
    const { recipients, withDevices, versions, dueAt } = this.#options
    const rows = await loadRows(db, recipients)
    const told = await loadTold(db, recipients)
    const messages = await loadMessages(db, recipients)
    const batches = await loadBatches(db, recipients)
    const walks = new Map<number, Walked>()
    try {
      for (const row of rows) {
        const trace = {
          row,
          told: told.filter((each) => each.row === row.id),
          stands: this.#stands.get(row.id) ?? [],
          messages: messages.filter((each) => each.row === row.id),
          moves: this.#moves.get(row.id) ?? [],
          batch: batches.find(({ id }) => id === row.batch),
          posted: this.#posted.get(row.recipient) ?? [],
          dueAt,
          movedTo: row.movedTo === null ? null : versions.get(row.movedTo)!,
          published: row.definition === CHILD ? STAYS : this.published,
          wishes: this.#wishes.get(row.recipient)!,
          hasDevices: row.recipient === withDevices,
        }
        walks.set(row.id, follow(versions.get(row.began)!, trace))
      }
      this.#holdEnds(rows, walks, batches)
      this.#holdMessages(rows, walks, messages)
      holdFetches(this.#fetches, rows, walks, this.handOvers)
      holdThrottles(rows, walks, (row) => this.handOvers.isTaken(row))
      holdCohorts(rows, walks)
      holdChildren(rows, walks)
      this.#holdTriggered(rows)
      const own = rows.filter(({ definition }) => definition !== CHILD)
      holdBatches(own, walks, batches, versions)
      holdLeaders(walks, batches)
      await holdProfiles(db, recipients, rows, walks)
    } catch (error) {
      const seen = { rows, told, messages, batches, walks: [...walks], stands: [...this.#stands] }
      const own = {
        verdicts: [...this.handOvers.verdicts],
        handedOver: this.handOvers.all,
        posted: [...this.#posted],
        fetches: this.#fetches,
      }
      const all = { versions: [...versions], ...seen, ...own }
      throw new Error(`${(error as Error).message}\n${JSON.stringify(all)}`, { cause: error })
    }
  }

  /** Whoever was canceled triggers nothing from then on, but what was said to be in flight; in a batch once all in it are. */
  #holdTriggered(rows: readonly Row[]): void {
    for (const { id, causedBy } of rows) {
      if (causedBy === null) continue
      const { batch } = rows.find((row) => row.id === causedBy.row)!
      const causes = rows.filter((row) => row.id === causedBy.row || (batch !== null && row.batch === batch))
      if (causes.some((row) => !this.handOvers.isTaken(row.id))) continue
      const verdicts = causes.map((row) => this.handOvers.verdicts.get(row.id)!)
      const order = Math.max(...verdicts.map((verdict) => verdict.order))
      const isLate =
        this.#children.get(id)! > order && !verdicts.some(({ inFlight }) => inFlight.includes(causedBy.ref))
      assert.ok(!isLate, `${causedBy.row} was canceled, and triggered ${id} in ${causedBy.ref}`)
    }
  }

  /** Everybody has come to an end, which only a cancel cut short, and what is marked was told. */
  #holdEnds(rows: readonly Row[], walks: ReadonlyMap<number, Walked>, batches: readonly BatchSeen[]): void {
    for (const row of rows) {
      const { isOver, carried } = walks.get(row.id)!
      assert.ok(row.status === 'ended' || row.status === 'canceled', `${row.id} is still pending`)
      assert.ok(!row.canceling || this.handOvers.isTaken(row.id), `${row.id} is marked, and nobody was told`)
      const goesOnFor = carried === null ? [row] : rows.filter(({ batch }) => batch === carried.id)
      const isLive = goesOnFor.some(({ id }) => !this.handOvers.isTaken(id))
      if (isLive) assert.ok(isOver, `${row.id} has stopped in the middle`)
    }
    for (const { id, carrier, isClosed, isSettled, items } of batches) {
      assert.ok(carrier === null || (isClosed && isSettled), `batch ${id} was left behind`)
      assert.equal(rows.filter(({ batch }) => batch === id).length, items, `batch ${id} holds its activities`)
    }
  }

  #holdMessages(rows: readonly Row[], walks: ReadonlyMap<number, Walked>, messages: readonly Message[]): void {
    const made = new Map([...walks].flatMap(([row, { made: all }]) => all.map((step) => [`${row} ${step.ref}`, step])))
    for (const message of messages) {
      const { row, number, ref, text, status } = message
      const shown = rowsIn(text)
      const { isDigest, atNoon } = made.get(`${row} ${ref}`)!
      const within = isDigest ? rows.filter(({ batch }) => batch === message.batch).map(({ id }) => id) : [row]
      assert.ok(
        shown.every((each) => within.includes(each)) && new Set(shown).size === shown.length && shown.length > 0,
        `${row}/${number} shows ${text}`,
      )
      const live = within.filter((each) => !this.handOvers.isTaken(each))
      for (const each of live) assert.ok(shown.includes(each), `${each} is in no digest of ${ref}`)
      const tries = this.handOvers.all.filter((each) => each.message === `${row}/${number}`)
      this.#holdTries(message, tries, live.length > 0)
      const first = tries[0]
      if (atNoon && first !== undefined && within.every((each) => !this.#moves.has(each)))
        assert.ok(first.at >= windowFrom(message.at), `${row}/${number} was sent at ${first.at}, outside of its window`)
      assert.notEqual(status, 'queued', `${row}/${number} is still to be sent`)
    }
    for (const { id } of rows) this.handOvers.holdVerdict(id)
  }

  /** It goes out once, unless nobody took it or its process was gone; and it does, while an activity of it is live. */
  #holdTries({ row, number, status }: Message, tries: readonly HandedOver[], isLive: boolean): void {
    const name = `${row}/${number}`
    for (const before of tries.slice(0, -1))
      assert.ok(before.answer === 'not_taken' || !before.isRecorded, `${name} was sent again after "${before.answer}"`)
    const last = tries.at(-1)
    if (last?.isRecorded === true && last.answer === 'sent')
      assert.ok(status === 'sent' || status === 'delivered' || status === 'delivery_attempted', `${name} is ${status}`)
    if (isLive) assert.ok(last !== undefined && status !== 'not_sent', `${name} was never sent`)
  }
}

/** Of a workflow that is never changed. */
const STAYS = new Changes<Published>({ nodes: [], isActive: true })

/** In one window no more pass than may, and nobody is ended while there was room. */
function holdThrottles(
  rows: readonly Row[],
  walks: ReadonlyMap<number, Walked>,
  isTaken: (row: number) => boolean,
): void {
  const all = rows.flatMap(({ id, recipient, definition }) =>
    walks.get(id)!.passed.map((each) => ({
      ...each,
      recipient,
      definition,
      window: `${definition} ${recipient} ${each.throttle} ${each.until}`,
    })),
  )
  for (const { throttle, until, opensAt, recipient, definition } of all) {
    const isInside = (each: Passed) => Date.parse(each.until) > opensAt && Date.parse(each.until) < Date.parse(until)
    const same = all.filter((each) => each.recipient === recipient && each.definition === definition)
    const other = same.find((each) => each.throttle === throttle && isInside(each))
    assert.equal(other, undefined, `${throttle} has two windows at once`)
  }
  for (const { window, limit, passes } of all) {
    const passed = all.filter((each) => each.window === window && each.passes).length
    assert.ok(passed <= limit, `${passed} passed in ${window}, of ${limit}`)
    // Who was canceled in the middle may have been counted.
    const unknown = rows.filter(({ id }) => isTaken(id)).length
    if (!passes) assert.ok(passed + unknown >= limit, `ended by ${window}, where ${passed} of ${limit} had passed`)
  }
}

function holdCohorts(rows: readonly Row[], walks: ReadonlyMap<number, Walked>): void {
  const chosen = new Map<string, number>()
  for (const { id, recipient } of rows) {
    for (const { ref, way } of walks.get(id)!.cohorts) {
      const before = chosen.get(`${recipient} ${ref}`) ?? way
      assert.equal(way, before, `${recipient} is in two cohorts of ${ref}`)
      chosen.set(`${recipient} ${ref}`, way)
    }
  }
}

/** Each step that triggered did so once, for the recipient of its run. */
function holdChildren(rows: readonly Row[], walks: ReadonlyMap<number, Walked>): void {
  for (const row of rows) {
    const children = rows.filter(({ causedBy }) => causedBy?.row === row.id)
    for (const ref of walks.get(row.id)!.triggered) {
      const own = children.filter(({ causedBy }) => causedBy!.ref === ref)
      assert.deepEqual(
        own.map(({ definition, recipient }) => [definition, recipient]),
        [[CHILD, row.recipient]],
        `${row.id} triggered in ${ref}`,
      )
    }
    assert.equal(
      new Set(children.map(({ causedBy }) => causedBy!.ref)).size,
      children.length,
      `${row.id} triggered twice`,
    )
  }
}

const tables = { update_user: 'users', update_object: 'objects', update_tenant: 'tenants' } as const

/** Profiles say of each step that updated them that it did. */
async function holdProfiles(
  db: Database,
  recipients: readonly string[],
  rows: readonly Row[],
  walks: ReadonlyMap<number, Walked>,
): Promise<void> {
  for (const [type, table] of Object.entries(tables)) {
    const updated = rows.flatMap(({ id, recipient }) =>
      walks
        .get(id)!
        .updated.filter((ref) => ref.startsWith(type))
        .map((ref) => [recipient, ref] as const),
    )
    if (updated.length === 0) continue
    const found = await query<{ id: string; properties: Record<string, unknown> }>(
      db,
      sql`select id, properties from ${sql.raw(table)} where id = any(${texts([...recipients])})`,
    )
    const profiles = new Map(found.map(({ id, properties }) => [id, properties]))
    for (const [recipient, ref] of updated)
      assert.equal(profiles.get(recipient)?.[ref], true, `${recipient} was updated by ${ref}`)
  }
}

function rowsIn(text: string): number[] {
  return text
    .replaceAll('\\', '')
    .split(' ')
    .flatMap((part) => (part === '' ? [] : [rowOfUuid(part)!]))
}
