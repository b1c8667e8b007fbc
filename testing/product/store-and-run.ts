import assert from 'node:assert/strict'
import { idsOf, toRanges, type DeliverResult, type Sleepers } from '../../workflows/messages.ts'
import { RunState, type Chunk } from '../../workflows/run-state.ts'

interface Row {
  trigger: number
  revision: number
  due: number
  status: 'waiting' | 'ended' | 'canceled'
}

type Message =
  { kind: 'trigger'; groups: Sleepers[] } | { kind: 'cancel'; ids: number[] } | { kind: 'move'; groups: Sleepers[] }

const STEP = 'email_1'

/**
 * A run's state beside the simplest store there can be, with signals under way between them that arrive in any order.
 * Each command takes two numbers that choose; each checks what holds at every moment.
 */
export class StoreAndRun {
  #run = new RunState()
  #now = 0
  readonly #rows = new Map<number, Row>()
  readonly #underWay: Message[] = []
  readonly #chunks: Chunk[] = []
  readonly #told = new Set<number>()
  readonly #answeredCanceled = new Set<number>()
  readonly #handedOut = new Set<string>()
  #triggers = 0

  trigger(a: number, b: number): void {
    this.#triggers += 1
    const ids = Array.from({ length: 1 + (a % 5) }, (_, i) => this.#triggers * 100 + i)
    const row = { trigger: this.#triggers, revision: 1, due: this.#now + (b % 50), status: 'waiting' } as const
    for (const id of ids) this.#rows.set(id, { ...row })
    this.#underWay.push({ kind: 'trigger', groups: this.#groups(ids) })
  }

  /** A signal arrives: any of those under way. */
  arrive(a: number): void {
    if (this.#underWay.length === 0) return
    const [message] = this.#underWay.splice(a % this.#underWay.length, 1)
    this.#tell(message!)
  }

  /** A trigger is sent again, as far as its recipients are still to be served. */
  resend(a: number): void {
    const ids = this.#waiting().filter((id) => this.#rows.get(id)!.trigger === 1 + (a % (this.#triggers + 1)))
    this.#underWay.push({ kind: 'trigger', groups: this.#groups(ids) })
  }

  cancel(a: number, b: number): void {
    const ids = this.#some(a, b)
    for (const id of ids) this.#rows.get(id)!.status = 'canceled'
    // Sent twice, as by two processes.
    for (let i = 0; i <= b % 2; i += 1) this.#underWay.push({ kind: 'cancel', ids })
  }

  move(a: number, b: number): void {
    const ids = this.#some(a, b)
    for (const id of ids) {
      const row = this.#rows.get(id)!
      row.revision += 1
      row.due = this.#now + (b % 40)
    }
    this.#underWay.push({ kind: 'move', groups: this.#groups(ids) })
  }

  /** Time goes by, and whoever is due goes to an activity. */
  handOut(a: number, b: number): void {
    this.#now += a % 30
    const limit = 1 + (b % 3)
    const size = 1 + (a % 4)
    const chunks = this.#run.takeDue(this.#now, limit, size)
    assert.ok(chunks.length <= limit)
    for (const chunk of chunks) {
      const handed = chunk.rows.flatMap(({ revision, ids }) => idsOf(ids).map((id) => [id, revision] as const))
      assert.equal(handed.length, chunk.size)
      assert.ok(chunk.size <= size)
      for (const [id, revision] of handed) this.#check(id, revision)
    }
    this.#chunks.push(...chunks)
  }

  settle(a: number, b: number): void {
    if (this.#chunks.length === 0) return
    const [chunk] = this.#chunks.splice(a % this.#chunks.length, 1)
    this.#run.settle(chunk!, this.#deliver(chunk!, b))
  }

  continueAsNew(): void {
    while (this.#chunks.length > 0) this.settle(0, 0)
    // Triggers arrive first: the next execution has forgotten who was taken out, and a second copy would bring them back.
    for (const message of this.#underWay.filter(({ kind }) => kind === 'trigger')) {
      this.#underWay.splice(this.#underWay.indexOf(message), 1)
      this.#tell(message)
    }
    this.#run = new RunState(JSON.parse(JSON.stringify(this.#run.carry())) as ReturnType<RunState['carry']>)
  }

  /** All signals arrive, all instants pass: nobody is left, and the counts add up. */
  finish(): void {
    while (this.#underWay.length > 0) this.arrive(0)
    for (let round = 0; this.#run.pending > 0; round += 1) {
      while (this.#chunks.length > 0) this.settle(0, round)
      this.#now = Math.max(this.#now, this.#run.nextDue ?? 0)
      this.handOut(0, 2)
    }
    assert.deepEqual(this.#waiting(), [])
    assert.equal(this.#run.nextDue, undefined)
    const canceled = [...this.#rows.values()].filter(({ status }) => status === 'canceled').length
    const { sent, ...others } = this.#run.counts
    assert.deepEqual({ sent, ...others }, { sent: this.#rows.size - canceled, canceled, skipped: 0, failed: 0 })
  }

  #tell(message: Message): void {
    if (message.kind === 'cancel') {
      this.#run.remove(message.ids)
      for (const id of message.ids) this.#told.add(id)
    } else {
      for (const group of message.groups) {
        if (message.kind === 'move') this.#run.move(group)
        // Sent again after its activity had answered `canceled`, a recipient passes through once more and counts twice.
        else if (!idsOf(group.rows).some((id) => this.#answeredCanceled.has(id))) this.#run.add(group)
      }
    }
  }

  #check(id: number, revision: number): void {
    const row = this.#rows.get(id)!
    assert.ok(!this.#told.has(id), `${id} handed out after its cancel`)
    // A trigger sent again may bring back who is through by now; the store refuses them.
    if (row.status === 'ended') return
    assert.ok(!this.#handedOut.has(`${id} ${revision}`), `${id} handed out twice at revision ${revision}`)
    this.#handedOut.add(`${id} ${revision}`)
    if (row.revision === revision) assert.ok(row.due <= this.#now, `${id} handed out early`)
  }

  /** As the activity does: every third sleeps again, the others are through. */
  #deliver(chunk: Chunk, b: number): DeliverResult {
    const result: DeliverResult = { sent: 0, canceled: 0, skipped: 0, failed: 0, asleep: [] }
    const again: number[] = []
    for (const { revision, ids } of chunk.rows) {
      for (const id of idsOf(ids)) {
        const row = this.#rows.get(id)!
        if (row.status === 'canceled') {
          result.canceled += 1
          this.#answeredCanceled.add(id)
        }
        if (row.status !== 'waiting') continue
        const isCurrent = row.revision === revision
        if (isCurrent) row.revision += 1
        if (isCurrent && (id + b) % 3 !== 1) {
          row.status = 'ended'
          result.sent += 1
        } else {
          if (isCurrent) row.due = this.#now + (b % 20)
          again.push(id)
        }
      }
    }
    result.asleep = this.#groups(again)
    return result
  }

  #some(a: number, b: number): number[] {
    return this.#waiting().filter((id) => (id * (a + 1) + b) % 3 === 0)
  }

  #waiting(): number[] {
    return [...this.#rows].flatMap(([id, { status }]) => (status === 'waiting' ? [id] : []))
  }

  #groups(ids: number[]): Sleepers[] {
    return ids.map((id) => {
      const { due, revision } = this.#rows.get(id)!
      return { step: STEP, due, revision, rows: toRanges([id]) }
    })
  }
}
