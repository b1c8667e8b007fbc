import assert from 'node:assert/strict'
import { readMessageLane } from '../../store/ids/lane.ts'
import type { Sleeper } from '../../store/recipient-runs/sleepers.ts'
import type { Lane } from '../../workflows/lane-name.ts'
import { idsOf, toRanges, type Range } from '../../workflows/ranges.ts'
import type { ChunkResult, Page } from '../../workflows/run-activities.ts'
import type { Sleepers } from '../../workflows/sleepers.ts'
import type { Chunk } from '../../workflows/chunk.ts'
import { RunState } from '../../workflows/run-state.ts'
import { lanesOf } from '../fixtures/lanes-of.ts'
import { pageOf } from '../fixtures/recorded-page.ts'
import { isPending, sleepersIn, type Plan, type RecordedRow } from '../fixtures/recorded-row.ts'

type Message =
  | { kind: 'trigger' | 'move'; groups: Sleepers[] }
  | { kind: 'cancel'; removed: { lane: Lane; rows: Range[] }[] }
  | { kind: 'reload' }

/** Each walk makes a message, and waits or ends. */
const PLAN: Plan = ['email_1', 'sms_1', 'email_2']
/** Small, so that little goes beyond it. */
const LIMITS = { window: 8, slack: 3 }
const PAGE = 5
const ROUNDS = 5_000

/**
 * A run's state beside the simplest store there can be, with signals, pages and results under way between them that arrive
 * in any order, some twice. Each command takes two numbers that choose; each checks what holds at every moment.
 */
export class StoreAndRun {
  #run = new RunState(undefined, true, LIMITS)
  #now = 0
  readonly #rows = new Map<number, RecordedRow & { trigger: number }>()
  readonly #underWay: Message[] = []
  #chunks: Chunk[] = []
  #pages: { begun: number; page: Page }[] = []
  /** Lane and row of what the run was told has gone. */
  readonly #told = new Set<string>()
  readonly #canceled = new Set<number>()
  #sent = 0
  #triggers = 0

  trigger(a: number, b: number): void {
    this.#triggers += 1
    const ids = Array.from({ length: 1 + (a % 5) }, (_, i) => this.#triggers * 100 + i)
    for (const [i, id] of ids.entries()) {
      const due = this.#now + ((b + (b % 2) * i * 7) % 50)
      this.#rows.set(id, {
        id,
        trigger: this.#triggers,
        recipient: `user_${id}`,
        step: 0,
        revision: 1,
        due,
        status: 'waiting',
        messages: [],
      })
    }
    this.#underWay.push({ kind: 'trigger', groups: this.#groups(ids) })
  }

  /** A signal arrives: any of those under way. */
  arrive(a: number): void {
    const [message] = this.#underWay.splice(a % Math.max(1, this.#underWay.length), 1)
    if (message !== undefined) this.#tell(message)
  }

  /** A trigger is sent again, as far as its recipients are still to be served. */
  resend(a: number): void {
    const ids = this.#pending().filter((id) => this.#rows.get(id)!.trigger === 1 + (a % (this.#triggers + 1)))
    this.#underWay.push({ kind: 'trigger', groups: this.#groups(ids) })
  }

  cancel(a: number, b: number): void {
    const ids = this.#some(a, b)
    const removed = lanesOf(ids.flatMap((id) => sleepersIn(this.#rows.get(id)!, PLAN)))
    for (const id of ids) {
      const row = this.#rows.get(id)!
      if (row.status === 'waiting') row.status = 'canceled'
      for (const message of row.messages) if (message.status === 'queued') message.status = 'not_sent'
      this.#canceled.add(id)
    }
    // Sent twice, as by two processes.
    for (let i = 0; i <= b % 2; i += 1) this.#underWay.push({ kind: 'cancel', removed })
  }

  move(a: number, b: number): void {
    const ids = this.#some(a, b)
    for (const id of ids) {
      const row = this.#rows.get(id)!
      const queued = row.messages.filter(({ status }) => status === 'queued')
      for (const each of [row, ...queued])
        Object.assign(each, { revision: each.revision + 1, due: this.#now + (b % 60) })
    }
    this.#underWay.push({ kind: 'move', groups: this.#groups(ids) })
  }

  reload(): void {
    this.#underWay.push({ kind: 'reload' })
  }

  /** The run asks for a page, if it wants one: read now, it arrives later. */
  readPage(): void {
    if (!this.#run.wantsPage) return
    const after = this.#run.window.edge
    const begun = this.#run.beginPage()
    const sleepers = [...this.#rows.values()].flatMap((row) => sleepersIn(row, PLAN))
    const store = { id: '', epoch: 1 }
    const newest = Math.max(0, ...this.#rows.keys())
    const page = pageOf(sleepers, { store, after, limit: PAGE }, { now: this.#now, triggers: [], newest })
    this.#pages.push({ begun, page: JSON.parse(JSON.stringify(page)) as Page })
  }

  pageArrives(a: number): void {
    const [read] = this.#pages.splice(a % Math.max(1, this.#pages.length), 1)
    if (read !== undefined) this.#run.endPage(read.begun, read.page)
  }

  /** Time goes by, and whoever is due goes to an activity. */
  handOut(a: number, b: number): void {
    this.#now += a % 30
    const limit = 1 + (b % 3)
    const size = 1 + (a % 4)
    for (const chunk of this.#run.takeDue(this.#now, () => limit, size)) {
      const handed = chunk.rows.flatMap(({ revision, ids }) => idsOf(ids).map((id) => [id, revision] as const))
      assert.equal(handed.length, chunk.size)
      assert.ok(chunk.size <= size)
      for (const [id, revision] of handed) this.#check(chunk.lane, id, revision)
      this.#chunks.push(chunk)
    }
    assert.ok(this.#chunks.filter(({ lane }) => lane === 'run').length <= 3)
  }

  settle(a: number, b: number): void {
    const [chunk] = this.#chunks.splice(a % Math.max(1, this.#chunks.length), 1)
    if (chunk !== undefined) this.#run.settle(chunk, this.#carryOut(chunk, b))
  }

  /** The result is under way while more happens: it is made now, and arrives with a later command. */
  settleLate(a: number, b: number): void {
    const [chunk] = this.#chunks.splice(a % Math.max(1, this.#chunks.length), 1)
    if (chunk === undefined) return
    const result = this.#carryOut(chunk, b)
    this.cancel(a, b)
    this.move(b, a)
    while (this.#underWay.length > 3) this.arrive(b)
    this.#run.settle(chunk, result)
  }

  continueAsNew(): void {
    while (this.#chunks.length > 0) this.settle(0, 0)
    this.#pages = []
    // The next execution has forgotten who was taken out: a copy of a cancel would count once more, of a trigger bring them back.
    while (this.#underWay.length > 0) this.arrive(0)
    this.#run = new RunState(
      JSON.parse(JSON.stringify(this.#run.carry(50))) as ReturnType<RunState['carry']>,
      false,
      LIMITS,
    )
  }

  /** All signals arrive, all instants pass: nobody is left, and the counts add up. */
  finish(): void {
    while (this.#underWay.length > 0) this.arrive(0)
    for (let round = 0; !this.#run.isOver; round += 1) {
      assert.ok(round < ROUNDS, 'the run never ends')
      while (this.#chunks.length > 0) this.settle(0, round)
      while (this.#pages.length > 0) this.pageArrives(0)
      this.readPage()
      this.#now = Math.max(this.#now, this.#run.nextDue ?? 0)
      this.handOut(0, 2)
    }
    assert.deepEqual(this.#pending(), [], 'a run ends with nobody left in the store')
    assert.equal(this.#run.pending, 0)
    const { sent, canceled, ...others } = this.#run.counts
    assert.deepEqual(
      { sent, canceled, ...others },
      {
        sent: this.#sent,
        canceled: this.#canceled.size,
        skipped: 0,
        failed: 0,
      },
    )
  }

  #tell(message: Message): void {
    if (message.kind === 'reload') this.#run.reload()
    else if (message.kind === 'cancel') {
      this.#run.remove(message.removed)
      for (const { lane, rows } of message.removed) for (const id of idsOf(rows)) this.#told.add(`${lane} ${id}`)
    } else for (const group of message.groups) this.#run.add(group)
  }

  #check(lane: Lane, id: number, revision: number): void {
    const told = `${lane} ${id}, revision ${revision}`
    assert.ok(!this.#told.has(`${lane} ${id}`), `${told} handed out after its cancel`)
    const isActing = this.#chunks.some(
      (chunk) => chunk.lane === lane && chunk.rows.some(({ ids }) => idsOf(ids).includes(id)),
    )
    assert.ok(!isActing, `${told} handed out twice at once`)
    const current = this.#sleeperIn(lane, id)
    if (current?.revision === revision) assert.ok(current.due <= this.#now, `${told} handed out early`)
  }

  #sleeperIn(lane: Lane, id: number): Sleeper | undefined {
    return sleepersIn(this.#rows.get(id)!, PLAN).find((sleeper) => sleeper.lane === lane)
  }

  /** As the activities do: a walk makes a message and waits or ends; every third message is tried again. */
  #carryOut(chunk: Chunk, b: number): ChunkResult {
    const asleep: Sleeper[] = []
    let sent = 0
    for (const { revision, ids } of chunk.rows) {
      for (const id of idsOf(ids)) {
        const row = this.#rows.get(id)!
        const current = this.#sleeperIn(chunk.lane, id)
        if (current === undefined) continue
        const acts = current.revision === revision && current.due <= this.#now
        const message = row.messages[readMessageLane(chunk.lane)?.number ?? -1]
        const made = acts ? (message === undefined ? this.#walk(row, b) : this.#send(message, id + b)) : 0
        if (acts && message?.status === 'sent') sent += 1
        asleep.push(
          ...sleepersIn(row, PLAN).filter(
            ({ lane }) => lane === chunk.lane || (made > 0 && lane.endsWith(`/${made - 1}`)),
          ),
        )
      }
    }
    this.#sent += sent
    const groups = asleep.map(groupOf)
    return { now: this.#now, asleep: groups, sent, canceled: 0, skipped: 0, failed: 0 }
  }

  /** Answers how many messages the row has then. */
  #walk(row: RecordedRow, b: number): number {
    const step = PLAN[row.step] as string
    const message = {
      number: row.messages.length,
      step,
      due: this.#now,
      revision: 1,
      attempt: 0,
      status: 'queued',
    } as const
    row.messages.push({ ...message })
    row.revision += 1
    if (row.step + 1 === PLAN.length) row.status = 'ended'
    else Object.assign(row, { step: row.step + 1, due: this.#now + (b % 40) })
    return row.messages.length
  }

  #send(message: RecordedRow['messages'][number], b: number): number {
    message.revision += 1
    if (b % 3 === 1 && message.attempt < 3)
      Object.assign(message, { due: this.#now + 15, attempt: message.attempt + 1 })
    else message.status = 'sent'
    return 0
  }

  #some(a: number, b: number): number[] {
    return this.#pending().filter((id) => (id * (a + 1) + b) % 3 === 0)
  }

  #pending(): number[] {
    return [...this.#rows.values()].filter(isPending).map(({ id }) => id)
  }

  #groups(ids: number[]): Sleepers[] {
    return ids.flatMap((id) => sleepersIn(this.#rows.get(id)!, PLAN)).map(groupOf)
  }
}

function groupOf({ lane, step, revision, due, id, tries = 0 }: Sleeper): Sleepers {
  return { lane, step, revision, due, rows: toRanges([id]), tries }
}
