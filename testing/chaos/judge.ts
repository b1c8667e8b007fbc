import type { Message } from '../product/belay.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { expectedRefs, SLEEP_S, WAIT_S, type Paid } from './definitions.ts'
import type { Canceled, Life, Triggered } from './life.ts'
import type { Arrived } from './receivers.ts'
import type { Spell } from './faults.ts'

/** What was found, of whom; empty lists are as it must be. */
export interface Findings {
  triggers: number
  /** Recipients of acknowledged triggers. */
  recipients: number
  canceled: number
  messages: number
  /** Nobody took them back, and they do not have what their definition says. */
  lost: string[]
  /** They have what an answer said they would not, or more than the definition says. */
  untrue: string[]
  /** What the store says of a message, and what its receiver saw, do not agree. */
  misrecorded: string[]
  /** Before their instant. */
  early: string[]
  /** Arrived more than once, and a process had been killed or had stood still in between. */
  repeated: number
  /** Arrived more than once without that. */
  repeatedForNothing: string[]
}

type Entry = Verdict['recipients'][number]['runs'][number]

export interface Evidence {
  lives: readonly Life[]
  messages: readonly Message[]
  arrived: ReadonlyMap<string, Arrived>
  spells: readonly Spell[]
  /** When the window of `window` opened. */
  opensAt: Date
  /** What the object of each trigger of `update` was told, by the trigger's n. */
  notes: ReadonlyMap<string, unknown>
}

/** Each recipient of an acknowledged trigger has what the definition says, or a verdict that took it back. */
export function judge(evidence: Evidence): Findings {
  const { lives, messages, arrived, spells } = evidence
  const found: Findings = {
    triggers: 0,
    recipients: 0,
    canceled: 0,
    messages: messages.length,
    lost: [],
    untrue: [],
    misrecorded: [],
    early: [],
    repeated: 0,
    repeatedForNothing: [],
  }
  const byRow = groupBy(messages, ({ source, recipient }) => `${source.workflow_run_id} ${JSON.stringify(recipient)}`)
  const ofChildren = groupBy(
    messages.filter(({ source }) => source.key === 'child'),
    ({ recipient, data }) => `${JSON.stringify(data['n'])} ${JSON.stringify(recipient)}`,
  )
  for (const message of messages) holdRecord(message, arrived, found)
  for (const life of lives) {
    for (const triggered of life.triggers) {
      if (triggered.answer === undefined) continue
      found.triggers += 1
      for (const person of life.people) {
        found.recipients += 1
        const id = triggered.answer.body.workflow_run_id
        const rows = byRow.get(`${id} ${JSON.stringify(person)}`) ?? []
        const children = ofChildren.get(`${JSON.stringify(triggered.n)} ${JSON.stringify(person)}`) ?? []
        holdRow({ ...evidence, life, triggered, person, id, rows, children }, found)
      }
    }
    if (life.kind === 'throttle') holdThrottle(life, messages, found)
  }
  for (const [id, { at }] of arrived) holdRepeats(id, at, spells, found)
  return found
}

/** Whether it is known to have reached somebody. */
function reached({ id, status, source }: Message, arrived: Evidence['arrived']): boolean {
  return arrived.has(id) || (isFeed(source.step_ref) && status === 'delivered')
}

const feedSteps = new Set(['seen', 'now', 'later', 'plain', 'end', 'expired', 'got', 'told', 'before', 'passed'])
const isFeed = (ref: string) => feedSteps.has(ref)

function holdRecord(message: Message, arrived: Evidence['arrived'], found: Findings): void {
  const { id, status, source } = message
  if (isFeed(source.step_ref)) return
  const isThere = arrived.has(id)
  const isDenied = status === 'not_sent' || status === 'undelivered'
  const isClaimed = status === 'sent' || status === 'delivered'
  if ((isDenied && isThere) || (isClaimed && !isThere)) {
    found.misrecorded.push(`${id} of ${source.step_ref}: ${status}, and ${isThere ? 'it arrived' : 'it never arrived'}`)
  }
}

interface Row extends Evidence {
  life: Life
  triggered: Triggered
  person: string
  id: string
  rows: readonly Message[]
  children: readonly Message[]
}

function holdRow(row: Row, found: Findings): void {
  const { life, triggered, person, id, arrived, children } = row
  const told = toldOf(life, person, id)
  const text = () => `${life.kind} ${triggered.n} ${person}: ${JSON.stringify({ ...told, has: has.map(refOf) })}`
  // What a digest says counts, not whose row it is: another's may carry it.
  const isDigest = life.kind === 'digest'
  const own = isDigest
    ? row.messages.filter(({ id: digest }) => arrived.get(digest)?.body.split(' ').includes(triggered.n) === true)
    : row.rows
  const has = own.filter((message) => reached(message, arrived))
  const isOne = life.triggers.length === 1
  const ways = expectedRefs(life.kind, { vip: life.vip, paid: paidOf(life, triggered), isOne })
  const isFull = ways.some((way) => sameRefs(way, has.map(refOf)))
  if (told.taken === undefined) {
    if (!isFull && !told.unknown) {
      const isTooMuch = ways.every((way) => has.length > way.length)
      found[isTooMuch ? 'untrue' : 'lost'].push(text())
    }
    if (told.unknown && !ways.some((way) => isPart(has.map(refOf), way))) found.untrue.push(text())
    if (told.missedAt !== undefined) {
      const since = has.filter(({ id: message }) => (arrived.get(message)?.at[0] ?? 0) > told.missedAt!)
      if (since.length > 0) found.untrue.push(`named by no answer, and sent after it: ${text()}`)
    }
  } else {
    found.canceled += 1
    const { messages: sent, in_flight: inFlight } = told.taken
    const may = new Set<string>([...sent, ...inFlight])
    const isMore = has.some((message) => !may.has(message.id) && !may.has(refOf(message)))
    const isLess = sent.some((message) => !isDigest && !has.some((each) => each.id === message))
    if (isMore || isLess || !ways.some((way) => isPart(has.map(refOf), way))) found.untrue.push(text())
  }
  if (life.kind === 'parent') {
    const count = children.filter((child) => reached(child, arrived)).length
    const isSure = told.taken === undefined && !told.unknown
    if (isSure && count === 0) found.lost.push(`child of ${text()}`)
    if (count > 1) found.untrue.push(`${count} children of ${text()}`)
  }
  if (life.kind === 'update') holdUpdates(row, has, found)
  holdInstants(row, has, found)
}

/** What was laid over data, user, tenant and object is there: of one of the triggers where they share it. */
function holdUpdates(
  { life, triggered: { n }, person, arrived, notes }: Row,
  has: readonly Message[],
  found: Findings,
): void {
  const all = life.triggers.map((each) => each.n)
  for (const { id } of has) {
    const body = arrived.get(id)!.body
    const [given, data, user = '', tenant = '', ...more] = body.split(' ')
    const isRight = given === n && data === n && all.includes(user) && all.includes(tenant) && more.length === 0
    if (!isRight || notes.get(n) !== n)
      found.untrue.push(`update ${n} ${person}: it said ${body}, and the object ${String(notes.get(n))}`)
  }
}

/** Of one person's runs one passes, and no other within a day, whatever died in between; none may if somebody was taken back. */
function holdThrottle({ people, triggers, cancels }: Life, messages: readonly Message[], found: Findings): void {
  if (triggers.every(({ answer }) => answer === undefined)) return
  for (const person of people) {
    const passed = messages.filter(
      ({ source, recipient }) => source.step_ref === 'passed' && recipient === person,
    ).length
    if (passed > 1) found.untrue.push(`throttle: ${passed} runs of ${person} passed`)
    if (passed === 0 && cancels.length === 0) found.lost.push(`throttle: no run of ${person} passed`)
  }
}

function holdInstants({ life, triggered, arrived, opensAt }: Row, has: readonly Message[], found: Findings): void {
  if (life.moved) return
  const sleeps = new Map([
    ['mail', SLEEP_S],
    ['hook', life.sleep],
  ])
  for (const message of has) {
    const sleep = sleeps.get(refOf(message))
    const at = arrived.get(message.id)?.at[0]
    if (refOf(message) === 'soon' && at !== undefined && at < opensAt.getTime())
      found.early.push(`window ${triggered.n}: ${opensAt.getTime() - at} ms before it opened`)
    if (sleep === undefined || at === undefined) continue
    const ms = triggered.answer!.askedAt + sleep * 1_000 - at
    if (ms > 0) found.early.push(`${life.kind} ${triggered.n}: ${refOf(message)} ${ms} ms before its instant`)
  }
}

interface Told {
  /** The first answer that took something of it back. */
  taken?: Entry
  /** A cancel of which nobody knows what it did. */
  unknown: boolean
  /** When a cancel was answered that was to speak of it, and did not. */
  missedAt?: number
}

function toldOf(life: Life, person: string, id: string): Told {
  const told: Told = { unknown: false }
  for (const canceled of life.cancels) {
    if (canceled.answer === undefined) {
      if (isAddressed(canceled, person) && (canceled.one ?? id) === id) told.unknown = true
      continue
    }
    const { body, answeredAt } = canceled.answer
    const recipients = body.recipients.filter(({ id: recipient }) => recipient === person)
    const run = recipients.flatMap(({ runs }) => runs).find(({ workflow_run_id: of }) => of === id)
    if (run?.outcome === 'canceled' || run?.outcome === 'sending') told.taken ??= run
    const isWhole = life.kind !== 'digest' && canceled.one === undefined
    const accepted = life.triggers.find(({ answer }) => answer?.body.workflow_run_id === id)!.answer!
    if (run === undefined && isWhole && isAddressed(canceled, person) && accepted.answeredAt < canceled.askedAt) {
      told.missedAt ??= answeredAt
    }
  }
  return told
}

const isAddressed = ({ named }: Canceled, person: string) => named === null || named.includes(person)

function paidOf({ paid }: Life, { n, answer }: Triggered): Paid {
  if (paid === undefined || !n.endsWith('-0')) return 'expired'
  const isInTime = paid.answeredAt !== undefined && paid.answeredAt < answer!.askedAt + WAIT_S * 1_000
  return isInTime ? 'came' : 'either'
}

/** A message once more is what promise 4 allows if its worker died, or stood still, between the one and the other. */
function holdRepeats(id: string, at: readonly number[], spells: readonly Spell[], found: Findings): void {
  for (const [i, second] of at.slice(1).entries()) {
    const first = at[i]!
    const isAllowed = spells.some(
      ({ what, names, from, to }) =>
        (what === 'killed' || what === 'stood still') &&
        (names.includes('worker') || names.includes('belay')) &&
        to >= first &&
        from <= second,
    )
    if (isAllowed) found.repeated += 1
    else found.repeatedForNothing.push(`${id}, ${second - first} ms later`)
  }
}

function groupBy(messages: readonly Message[], keyOf: (message: Message) => string): Map<string, Message[]> {
  const groups = new Map<string, Message[]>()
  for (const message of messages) groups.set(keyOf(message), [...(groups.get(keyOf(message)) ?? []), message])
  return groups
}

const refOf = ({ source }: Message) => source.step_ref
const sameRefs = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && [...one].sort().join() === [...other].sort().join()
const isPart = (some: readonly string[], all: readonly string[]) =>
  new Set(some).size === some.length && some.every((ref) => all.includes(ref))
