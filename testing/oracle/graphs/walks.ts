import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { Changes } from './changes.ts'
import {
  allNodes,
  following,
  mayAct,
  onward,
  type Node,
  type NodeOf,
  type NodeType,
  type Over,
  type When,
} from './nodes.ts'
import { allows, channelsOver, type Wish } from './wishes.ts'
import type { BatchSeen, Message, Row, Told } from './seen.ts'

export const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
/** An instant so long ago still means now. */
const PAST = MINUTE

/** Where a recipient run was seen to wait. `at`, `order`: when that was first seen, and in the one order of all that happens. */
export interface Stand {
  ref: string
  due: number | null
  enteredAt: number
  at: number
  order: number
}

/** An event that a recipient run may wait for. */
export interface Posted {
  event: NodeOf<'wait_for_event'>['event']
  at: number
  /** Of a caller's own. */
  kind: 'a' | 'b' | null
  order: number
  /** Of a message: the only recipient run of its workflow that it is for. */
  ofRow?: number
}

/** What triggers begin with: a version, and whether anybody goes on in any of them. */
export interface Published {
  nodes: readonly Node[]
  isActive: boolean
}

/** What is known of one recipient run, in the order in which it came about. */
export interface Trace {
  row: Row
  told: Told[]
  stands: Stand[]
  messages: Message[]
  /** Instants to which its sleep was moved. */
  moves: number[]
  batch: BatchSeen | undefined
  /** The version it went on in when its batch closed. */
  movedTo: readonly Node[] | null
  /** Of its workflow. */
  published: Changes<Published>
  /** Of its recipient. */
  wishes: Changes<Wish>
  /** Whether its recipient has two devices, or none that is known. */
  hasDevices: boolean
  /** That came for its recipient. */
  posted: Posted[]
  /** The instant at `data.due_at`. */
  dueAt: number
}

/** A throttle that was passed, or that ended a run, in the window that closes at `until`. */
export interface Passed {
  throttle: string
  until: string
  passes: boolean
  limit: number
  /** Of its window. */
  opensAt: number
}

/** How far a walk came, by the words of its definition, with all that it told, made and stood in accounted for. */
export interface Walked {
  /** It came to an end: its last step, a step that ends it, one that failed, or a batch that another carries. */
  isOver: boolean
  /** The batch it went on for, closed. */
  carried: BatchSeen | null
  /** The batch of another that it came to. */
  joined: BatchSeen | null
  /** Of each channel step it passed the messages, and whether they are of the batch. */
  made: { ref: string; messages: Message[]; isDigest: boolean; atNoon: boolean }[]
  /** Fetches that it came to; where one was answered, when. */
  fetched: { ref: string; answer: NodeOf<'http_fetch'>['answer']; isDigest: boolean; answeredAt: number | null }[]
  passed: Passed[]
  cohorts: { ref: string; way: number }[]
  /** Steps that triggered, and those that updated a profile. */
  triggered: string[]
  updated: string[]
  /** The batch step in which it waits for its batch's close, and the kind of its activity. */
  entered: { node: NodeOf<'batch'>; stand: Stand; kind: 'a' | 'b' | null } | null
  /** Batch steps that it passed at once, or has not come to. */
  led: { ref: string; isCertain: boolean }[]
}

interface Progress extends Walked {
  trace: Trace
  /** The refs of the steps to which it came. */
  visited: Set<string>
  /** It comes to its step by a hand-out of its own, which may be late: what the step waits for counts from before that. */
  isHandedOut: boolean
  nodes: readonly Node[]
  /** Nothing that follows came earlier. */
  from: number
  /** Null: not known, of several activities. */
  kind: 'a' | 'b' | null
}

interface Here {
  told: Told[]
  stands: Stand[]
  messages: Message[]
}

/** What follows; `over` where the walk ends; `cut` where it has not got any further. */
type Onward = Node[] | 'over' | 'cut'
type Follow<Type extends NodeType> = (node: NodeOf<Type>, here: Here, walk: Progress, rest: Node[]) => Onward

const SKIPPED = 'conditions do not hold'

/** Whoever has passed one of these goes on by another hand-out. */
const actsOutside = new Set<NodeType>([
  'http_fetch',
  'trigger_workflow',
  'update_object',
  'update_tenant',
  'update_user',
])

/** Follows a recipient run through its steps; throws where it did what its definition does not say. */
export function follow(nodes: readonly Node[], trace: Trace): Walked {
  const walk: Progress = {
    ...{
      isOver: false,
      carried: null,
      joined: null,
      made: [],
      fetched: [],
      passed: [],
      cohorts: [],
      triggered: [],
      updated: [],
    },
    ...{ entered: null, led: [], visited: new Set<string>() },
    ...{ trace, nodes, from: trace.row.acceptedAt, kind: trace.row.data.kind ?? null, isHandedOut: true },
  }
  const { visited } = walk
  let onwards: Onward = [...nodes]
  while (typeof onwards === 'object') {
    const [node, ...rest]: Node[] = onwards
    // The first step is entered whatever follows.
    if (node === undefined || (visited.size > 0 && !mayAct(onwards))) {
      onwards = 'over'
      break
    }
    visited.add(node.ref)
    const here = hereOf(trace, node.ref, walk.from)
    const ended = here.told.find(({ event }) => event === 'workflow_ended')
    onwards = pass(node, { ...here, told: here.told.filter((each) => each !== ended) }, walk, rest)
    walk.isHandedOut = actsOutside.has(node.type)
    if (ended === undefined) continue
    const wasActive = trace.published.at(ended.at).every(({ isActive }) => isActive)
    assert.ok(!wasActive, `ended at ${ended.at}, while its workflow was active`)
    onwards = 'over'
  }
  for (const { at, ref, event } of trace.told) {
    const mayGoOn = event === 'workflow_ended' || trace.published.at(at).some(({ isActive }) => isActive)
    assert.ok(mayGoOn, `${ref} was passed at ${at}, while its workflow was not active`)
  }
  const elsewhere = [...trace.told, ...trace.stands, ...trace.messages].filter(({ ref }) => !visited.has(ref))
  assert.deepEqual(elsewhere, [], 'in steps to which it never came')
  return { ...walk, isOver: onwards === 'over' }
}

function hereOf({ told, stands, messages }: Trace, ref: string, from: number): Here {
  const inStep = (each: { ref: string }) => each.ref === ref
  const here = { told: told.filter(inStep), stands: stands.filter(inStep), messages: messages.filter(inStep) }
  const instants = [...here.told, ...here.messages].map(({ at }) => at)
  for (const at of [...instants, ...here.stands.map(({ enteredAt }) => enteredAt)])
    assert.ok(at >= from, `${ref} at ${at}, before ${from}`)
  return here
}

function pass(node: Node, here: Here, walk: Progress, rest: Node[]): Onward {
  const holds = holdsFor(node.when, walk)
  const skip = here.told.find(({ event, data }) => event === 'step_skipped' && data.reason === SKIPPED)
  if (skip !== undefined) {
    assert.notEqual(holds, true, `${node.ref} was skipped, and its conditions hold`)
    assert.deepEqual([here.stands, here.messages], [[], []], `${node.ref} was skipped, and did something`)
    walk.from = Math.max(walk.from, skip.at)
    return rest
  }
  if (holds === false) {
    assert.deepEqual(here, { told: [], stands: [], messages: [] }, `${node.ref} was entered against its conditions`)
    return 'cut'
  }
  return (kinds[node.type] as Follow<NodeType>)(node, here, walk, rest)
}

function holdsFor(when: When, { trace, kind }: Progress): boolean | null {
  switch (when) {
    case 'always':
      return true
    case 'shared':
    case 'not shared':
      return (trace.row.data.shared === true) === (when === 'shared')
    case 'kind a':
    case 'kind b':
      return kind === null ? null : when === `kind ${kind}`
  }
}

const decidedIn = ({ told }: Here) => told.findLast(({ event }) => event === 'step_decided')
const skippedIn = ({ told }: Here) => told.find(({ event }) => event === 'step_skipped')
const failedIn = ({ told }: Here) => told.find(({ event }) => event === 'step_failed')

/** What each kind is to do: one that is missing here does not compile. */
const kinds: { readonly [Type in NodeType]: Follow<Type> } = {
  batch: gather,
  branch({ ref, ways, standard }, here, walk, rest) {
    const decided = decidedIn(here)
    if (decided === undefined) return 'cut'
    const answers = ways.map(({ when }) => holdsFor(when, walk))
    const name = decided.data['branch']
    const taken = ways.findIndex((_way, index) => name === String(index))
    assert.ok(taken >= 0 || name === 'default', `${ref} has no branch ${String(name)}`)
    const before = taken === -1 ? answers : answers.slice(0, taken)
    assert.ok(!before.includes(true), `${ref} passed over a branch whose conditions hold`)
    assert.ok(taken === -1 || answers[taken] !== false, `${ref} took a branch whose conditions do not hold`)
    return onward(ways[taken] ?? standard, rest)
  },
  channel: send,
  delay: sleep,
  http_fetch({ ref, answer }, here, walk, rest) {
    const failed = failedIn(here)
    const retried = here.told.filter(({ event }) => event === 'step_retried')
    walk.fetched.push({ ref, answer, isDigest: walk.carried !== null, answeredAt: decidedIn(here)?.at ?? null })
    if (answer === 'good') {
      assert.deepEqual([failed, retried], [undefined, []], `${ref} failed`)
      const decided = decidedIn(here)
      if (decided === undefined) return 'cut'
      assert.equal(decided.data['status'], 200)
      walk.from = decided.at
      return rest
    }
    assert.equal(decidedIn(here), undefined, `${ref} was answered`)
    if (failed === undefined) return 'cut'
    // A try that a cancel found under way is the last one.
    const isCutShort = answer === 'down' && walk.trace.row.status === 'canceled' && retried.length < 2
    assert.ok(
      retried.length === (answer === 'down' ? 2 : 0) || isCutShort,
      `${ref} was tried ${retried.length + 1} times`,
    )
    const waits = [30_000, 60_000]
    const tries = [...retried, failed]
    for (let n = 1; n < tries.length; n += 1)
      assert.ok(tries[n]!.at >= tries[n - 1]!.at + waits[n - 1]!, `${ref} was tried again too early`)
    return isCutShort ? 'cut' : 'over'
  },
  random_cohort({ ref, cohorts }, here, walk, rest) {
    const decided = decidedIn(here)
    if (decided === undefined) return 'cut'
    const way = cohorts.findIndex((_cohort, index) => decided.data['cohort'] === String(index))
    assert.ok(cohorts[way] !== undefined && cohorts[way].percent > 0, `${ref} took a cohort that nobody is in`)
    walk.cohorts.push({ ref, way })
    return onward(cohorts[way], rest)
  },
  throttle({ ref, limit, minutes, byKind }, here, walk, rest) {
    const throttle = `${ref} ${byKind ? String(walk.kind) : ''}`
    const isKnown = !byKind || walk.kind !== null
    const passed = (until: string, passes: boolean) => {
      const opensAt = Date.parse(until) - minutes * MINUTE
      if (isKnown) walk.passed.push({ throttle, until, passes, limit, opensAt })
    }
    const end = skippedIn(here)
    if (end !== undefined) {
      const until = /^throttled: .* closes at (\S+)$/.exec(end.data.reason ?? '')?.[1]
      assert.ok(until !== undefined && end.at < Date.parse(until), `${ref}: ${end.data.reason}`)
      passed(until, false)
      return 'over'
    }
    const decided = decidedIn(here)
    if (decided === undefined) return 'cut'
    const until = String(decided.data['until'])
    assert.ok(decided.at < Date.parse(until), `${ref} passed in a window that was over`)
    passed(until, true)
    return rest
  },
  trigger_workflow({ ref }, here, walk, rest) {
    assert.equal(failedIn(here), undefined, `${ref} failed`)
    const decided = decidedIn(here)
    if (decided === undefined) return 'cut'
    walk.triggered.push(ref)
    return rest
  },
  update_data({ kind }, _here, walk, rest) {
    walk.kind = kind
    return rest
  },
  update_object: update,
  update_tenant: update,
  update_user: update,
  wait_for_event: await_,
}

function sleep({ ref, how }: NodeOf<'delay'>, here: Here, walk: Progress, rest: Node[]): Onward {
  const { dueAt, moves, row } = walk.trace
  if (row.skipsDelays) {
    assert.deepEqual([here.told, here.stands], [[], []], `${ref} was to be skipped by its trigger`)
    return rest
  }
  const until = typeof how === 'object' || how === 'noon' ? null : how === 'until' ? dueAt : dueAt - 20 * MINUTE
  const [skipped] = here.told
  if (skipped !== undefined) {
    assert.equal(skipped.event, 'step_skipped', `${ref}: ${skipped.data.reason}`)
    assert.ok(until !== null && until < skipped.at - PAST, `${ref}: ${skipped.data.reason}`)
    assert.deepEqual(here.stands, [], `${ref} was skipped, and slept`)
    return rest
  }
  const [first, ...later] = here.stands
  if (first === undefined) {
    if (until !== null) return rest
    if (!walk.isHandedOut) return 'cut'
    // It was over before anybody came to it.
    walk.from = typeof how === 'object' ? walk.from + how.minutes * MINUTE : nextNoon(walk.from)
    return rest
  }
  const { enteredAt, due } = first
  // An instant that is past by less is now.
  const waited = until === null ? nextNoon(enteredAt) : Math.max(until, enteredAt)
  const expected = typeof how === 'object' ? enteredAt + how.minutes * MINUTE : waited
  assert.equal(due, expected, `${ref} sleeps until then`)
  for (const stand of later)
    assert.ok(moves.includes(stand.due!), `${ref} was moved to ${stand.due}, and nobody did so`)
  walk.from = Math.max(walk.from, here.stands.at(-1)!.due!)
  return rest
}

/** The first noon that is later. */
function nextNoon(at: number): number {
  return (Math.floor((at - DAY / 2) / DAY) + 1) * DAY + DAY / 2
}

/** The instant from which a message made at `at` may be sent between noon and one. */
export function windowFrom(at: number): number {
  return at % DAY >= DAY / 2 && at % DAY < DAY / 2 + 60 * MINUTE ? at : nextNoon(at)
}

function send({ ref, over, atNoon }: NodeOf<'channel'>, here: Here, walk: Progress, rest: Node[]): Onward {
  const skip = skippedIn(here)
  const at = skip?.at ?? here.messages[0]?.at
  if (at === undefined) return 'cut'
  const types = here.messages.map(({ type }) => type)
  const possible = walk.trace.wishes.at(at).map((wish) => typesOver(over, wish, walk))
  assert.ok(
    possible.some((expected) => expected === null || isDeepStrictEqual(expected, types)),
    `${ref} sent over ${types.join(', ')}, not over ${JSON.stringify(possible)}`,
  )
  walk.from = Math.max(walk.from, at)
  if (skip !== undefined) {
    assert.deepEqual(here.messages, [], `${ref} was skipped, and sent`)
    assert.match(skip.data.reason ?? '', WHY_NONE)
    return rest
  }
  for (const { batch } of here.messages) assert.equal(batch, walk.carried?.id ?? null, `${ref}: whose digest it is`)
  walk.made.push({ ref, messages: here.messages, isDigest: walk.carried !== null, atNoon: atNoon && over !== 'feed' })
  return rest
}

const WHY_NONE =
  /^(conditions of the channel do not hold|preferences of the recipient|no channel of the group may be used)$/

/** The types of the messages that a step makes for one with such a wish; null: that depends on what is not known. */
function typesOver(over: Over, wish: Wish, { trace, kind }: Progress): string[] | null {
  const { of: channels, any } = channelsOver[over]
  const may = channels.map((channel) => {
    return channel.isSpare === true && trace.row.data.shared !== true ? false : allows(wish, channel, kind)
  })
  if (may.includes(null)) return null
  const open = channels.filter((_channel, index) => may[index])
  const used = any === true ? open.slice(0, 1) : open
  return used.flatMap(({ type }) => (type === 'push' && trace.hasDevices ? [type, type] : [type]))
}

function gather(node: NodeOf<'batch'>, here: Here, walk: Progress, rest: Node[]): Onward {
  const { ref, minutes, leading, byKind } = node
  const { batch, row } = walk.trace
  const [stand] = here.stands
  const window = minutes * MINUTE
  if (walk.carried !== null) {
    if (stand !== undefined) assert.equal(stand.due, stand.enteredAt + window, `${ref} holds up a digest by its window`)
    else if (!walk.isHandedOut) return 'cut'
    // Without one it was over before anybody came to it.
    walk.from = stand?.due ?? walk.from + window
    return rest
  }
  assert.equal(skippedIn(here)?.data.reason ?? EMPTY, EMPTY, `${ref} was skipped`)
  if (stand === undefined) {
    const { told, stands, messages } = walk.trace
    const isCertain = [...told, ...stands, ...messages].some((each) => !walk.visited.has(each.ref))
    if (leading) walk.led.push({ ref, isCertain })
    return leading ? rest : 'cut'
  }
  walk.entered = { node, stand, kind: walk.kind }
  assert.ok(batch !== undefined, `${ref} is waited in, and there is no batch`)
  // At its instant it is over, unless that came about by this activity.
  const opener = allNodes(walk.nodes).find((each) => each.ref === batch.ref) as NodeOf<'batch'>
  const doors = doorsOf(opener, walk.nodes)
  const closesByJoining = doors.some(
    ({ items, sliding }) => sliding !== null || (items !== null && batch.items >= items),
  )
  assert.ok(
    stand.enteredAt < batch.closesAt + (closesByJoining ? 1 : 0),
    `joined at ${stand.enteredAt}, after its close`,
  )
  if (batch.carrier !== row.id) {
    walk.joined = batch
    return 'over'
  }
  holdWindow(opener, doors, batch)
  const closed = decidedIn(here)
  if (closed === undefined) return skippedIn(here) === undefined ? 'cut' : 'over'
  assert.ok(batch.isClosed && closed.at >= batch.closesAt, `${ref} went on before its close`)
  const total = Number(closed.data['total_activities'])
  assert.ok(total >= 1 && total <= batch.items, `${ref} goes on for ${total} of ${batch.items}`)
  walk.from = batch.closesAt
  walk.carried = batch
  if (!byKind) walk.kind = null
  const { movedTo, published } = walk.trace
  const meant = published.at(closed.at).map((current) => versionAfter(node, current.nodes, walk.nodes))
  assert.ok(meant.includes(movedTo), `${ref} goes on in ${movedTo === null ? 'its own' : 'another'} version`)
  if (movedTo === null) return rest
  walk.nodes = movedTo
  return following(movedTo, ref)!
}

/** The version in which a batch goes on after its close; null: its own. */
function versionAfter({ ref, latest }: NodeOf<'batch'>, current: readonly Node[], own: readonly Node[]) {
  const there = allNodes(current).find((node) => node.ref === ref) as NodeOf<'batch'> | undefined
  return latest && there?.latest === true && current !== own ? current : null
}

const EMPTY = 'each of its activities was canceled'

/** The steps through which one comes to a batch: pinned ones of a version share it, whichever of them opened it. */
function doorsOf(opener: NodeOf<'batch'>, nodes: readonly Node[]): NodeOf<'batch'>[] {
  if (opener.latest) return [opener]
  const isDoor = (node: Node): node is NodeOf<'batch'> =>
    node.type === 'batch' && !node.latest && node.byKind === opener.byKind
  return allNodes(nodes).filter(isDoor)
}

/** Each who comes moves it as the step says through which they come, and nobody beyond the limit of who opened it. */
function holdWindow(opener: NodeOf<'batch'>, doors: readonly NodeOf<'batch'>[], batch: BatchSeen): void {
  const { openedAt, closesAt, items: came } = batch
  const lasts = closesAt - openedAt
  const limits = doors.map(({ items }) => items ?? Infinity)
  const room = Math.max(...limits)
  assert.ok(came <= room, `${opener.ref} holds ${came} of ${room} at most`)
  const window = opener.minutes * MINUTE
  const mayBeLess = came >= Math.min(...limits) || doors.some(({ sliding }) => sliding !== null)
  const moved = doors.map(({ sliding }) => (sliding === null ? 0 : Math.min(limitOf(sliding), limitOf(opener.sliding))))
  assert.ok(lasts >= (mayBeLess ? 0 : window) && lasts <= Math.max(window, ...moved), `${opener.ref} lasts ${lasts} ms`)
}

/** How long after its opening a step still moves a batch. */
export function limitOf(sliding: NodeOf<'batch'>['sliding']): number {
  return sliding?.limit == null ? Infinity : sliding.limit * MINUTE
}

function update({ ref }: { ref: string }, here: Here, walk: Progress, rest: Node[]): Onward {
  assert.equal(failedIn(here), undefined, `${ref} failed`)
  if (decidedIn(here) === undefined) return 'cut'
  assert.equal(skippedIn(here), undefined, `${ref} was skipped, and updated`)
  walk.updated.push(ref)
  return rest
}

function await_(node: NodeOf<'wait_for_event'>, here: Here, walk: Progress, rest: Node[]): Onward {
  const { ref, event, matches, minutes, lookBack, haltsOnMatch, haltsOnTimeout } = node
  const decided = here.told.findLast(
    (told) => typeof told.data['matched'] === 'boolean' && told.event === 'step_decided',
  )
  const [stand] = here.stands
  if (decided === undefined) return 'cut'
  const ends = skippedIn(here) !== undefined
  const isMatched = decided.data['matched'] === true
  // Entered and matched at one go, by an event before it.
  const enteredAt = stand?.at ?? decided.at
  const until = enteredAt + minutes * MINUTE
  const since = lookBack === null || event !== 'paid' ? enteredAt : enteredAt - lookBack * MINUTE
  const wanted = matches === 'own' ? walk.kind : matches
  // Of which kind is not known where it is its own, and that of several activities.
  const isKnown = matches !== 'own' || walk.kind !== null
  const posted = walk.trace.posted.filter((each) => {
    if (each.event !== event || (each.ofRow !== undefined && each.ofRow !== walk.trace.row.id)) return false
    return event !== 'paid' || !isKnown || wanted === null || each.kind === wanted
  })
  if (isMatched) {
    const at = Date.parse(String(decided.data['at']))
    assert.ok(at >= since && at <= until && at <= decided.at, `${ref} matched what came at ${at}`)
    if (event === 'paid')
      assert.ok(
        posted.some((each) => each.at === at),
        `${ref} matched what never came`,
      )
  } else {
    // What came does not match, and it waits on.
    if (decided.at < until) {
      assert.ok(!ends, `${ref} gave up before its timeout`)
      return 'cut'
    }
    const came = posted.filter((each) => {
      const met = stand !== undefined && each.order > stand.order
      const isBefore = event === 'paid' && each.at > since && each.at < enteredAt
      return each.at < until && (met || isBefore)
    })
    if (event !== 'paid' || isKnown) assert.deepEqual(came, [], `${ref} missed what came in time`)
  }
  walk.from = isMatched ? decided.at : Math.max(walk.from, until)
  assert.equal(ends, isMatched ? haltsOnMatch : haltsOnTimeout, `${ref} ends`)
  return ends ? 'over' : rest
}
