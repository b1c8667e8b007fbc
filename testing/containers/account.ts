import { setTimeout as wait } from 'node:timers/promises'
import { read } from './caller.ts'
import { addressOf, type Life } from './load.ts'
import type { Mailbox } from './mailbox.ts'

export interface Findings {
  mails: number
  /** By outcome. */
  verdicts: Map<string, number>
  /** Nobody took them back, and their mail did not come. */
  lost: string[]
  /** A mail that an answer said would not come, or an answer that cannot be. */
  untrue: string[]
  /** Got the mail more than once. */
  repeated: string[]
  /** Their mail was handed over, and no answer came: their messages say so. */
  attempted: string[]
}

type Expected = 'a mail' | 'no mail' | 'either' | 'another answer'

/** An e-mail and a message in the app. */
const CHANNELS = 2
const SETTLE_MS = 180_000
/** For what should not come. */
const LATE_MS = 4_000
const LOOK_MS = 1_000

/** Waits until everybody has what they are owed, three minutes at most, and a moment for what is too much. */
export async function settled(lives: readonly Life[], mailbox: Mailbox): Promise<Findings> {
  const until = performance.now() + SETTLE_MS
  const attempted = new Set<string>()
  for (;;) {
    await mailbox.look().catch(() => undefined)
    const missing = missingOf(lives, mailbox, attempted)
    if (missing.length === 0 || performance.now() > until) break
    // A few at a time: what is lost must not keep the api busy.
    for (const { life, person } of missing.slice(0, 20)) {
      if (await wasAttempted(life, person).catch(() => false)) attempted.add(person)
    }
    await wait(LOOK_MS)
  }
  await wait(LATE_MS)
  await mailbox.look()
  return judge(lives, mailbox, attempted)
}

function missingOf(lives: readonly Life[], mailbox: Mailbox, excused: ReadonlySet<string>) {
  return lives.flatMap((life) =>
    life.people
      .filter((person) => expected(life, person) === 'a mail')
      .filter((person) => mailbox.countOf(addressOf(person)) === 0 && !excused.has(person))
      .map((person) => ({ life, person })),
  )
}

/** Everybody in all the lives, held against the answers. */
function judge(lives: readonly Life[], mailbox: Mailbox, attempted: ReadonlySet<string>): Findings {
  const lost = missingOf(lives, mailbox, attempted).map(({ person }) => person)
  const found: Findings = {
    mails: 0,
    verdicts: new Map(),
    lost,
    untrue: [],
    repeated: [],
    attempted: [...attempted],
  }
  for (const life of lives) {
    for (const person of life.people) {
      const mails = mailbox.countOf(addressOf(person))
      const wanted = expected(life, person)
      found.mails += mails
      if (mails > 1) found.repeated.push(person)
      const isUntrue = wanted === 'another answer' || (wanted === 'no mail' && mails > 0)
      if (isUntrue) found.untrue.push(`${person}: ${mails} mails, ${JSON.stringify(life.verdict?.get(person))}`)
    }
    for (const { outcome } of life.verdict?.values() ?? []) {
      found.verdicts.set(outcome, (found.verdicts.get(outcome) ?? 0) + 1)
    }
  }
  return found
}

function expected(life: Life, person: string): Expected {
  if (life.accepted === undefined) return 'either'
  const isAddressed = life.named !== undefined && (life.named === null || life.named.includes(person))
  if (!isAddressed) return 'a mail'
  if (life.verdict === undefined) return 'either'
  const entry = life.verdict.get(person)
  if (entry === undefined) return 'another answer'
  const { outcome, runs } = entry
  if (!['canceled', 'sending', 'already_sent', 'ended'].includes(outcome)) return 'another answer'
  const sum = (of: 'messages' | 'in_flight' | 'taken_back') =>
    runs.reduce((all, run) => all + (run[of]?.length ?? 0), 0)
  if (outcome === 'sending' || sum('in_flight') > 0) return 'either'
  // Two messages are made, and the one in the app is sent by being made: what can be taken back is the e-mail.
  if (sum('taken_back') > 0 || sum('messages') === 0) return 'no mail'
  return sum('messages') === CHANNELS ? 'a mail' : 'either'
}

interface Message {
  recipient: string
  status: string
  source: { step_ref: string }
}

/** Whether the message itself says that it may have gone out. */
async function wasAttempted({ accepted }: Life, person: string): Promise<boolean> {
  const { items } = await read<{ items: Message[] }>(`/v1/messages?workflow_run_id=${accepted}`)
  return items.some(
    ({ recipient, status, source }) =>
      recipient === person && source.step_ref === 'email_1' && status === 'delivery_attempted',
  )
}
