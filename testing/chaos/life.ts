import { setTimeout as wait } from 'node:timers/promises'
import type { TriggerAnswer } from '../../engine/accept-trigger.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import type { Asked, ChaosCaller } from './caller.ts'
import { kinds, SLEEP_S, type Kind } from './definitions.ts'
import type { Random } from './random.ts'

/** One trigger of a life, and what was answered. */
export interface Triggered {
  /** Told to the templates; of this trigger alone. */
  n: string
  /** Undefined: never answered, so nobody knows whether it was accepted. */
  answer: Asked<TriggerAnswer> | undefined
}

/** A cancel, and what was answered. */
export interface Canceled {
  /** Whom it named; null: everyone. */
  named: string[] | null
  /** The `workflow_run_id` of the one trigger it was for; undefined: it named the key. */
  one: string | undefined
  askedAt: number
  answer: Asked<Verdict> | undefined
}

/** Some triggers under one key (each its own in a batch), and what was done about them. */
export interface Life {
  kind: Kind
  people: string[]
  vip: boolean
  /** How long `late` sleeps, in seconds. */
  sleep: number
  triggers: Triggered[]
  cancels: Canceled[]
  /** Somebody's instant was changed, or may have been. */
  moved: boolean
  /** The event `paid` was told of, or may have been: when it was answered. */
  paid: { answeredAt: number | undefined } | undefined
}

/**
 * Leads one life to its end, as its seed says: one to three people, one or two triggers, then what a product does. It
 * resolves once all that it asked is answered.
 */
export async function lead(life: Life, name: string, random: Random, caller: ChaosCaller): Promise<void> {
  const { kind, people, vip, sleep } = life
  const isDigest = kind === 'digest'
  const count = isDigest ? random.between(2, 4) : random.chance(0.3) ? 2 : 1
  const keyOf = (i: number) => (isDigest ? `${name}-${i}` : name)
  const path = `/v1/workflows/${kind}`
  const trigger = async (i: number) => {
    const n = `${name}-${i}`
    const triggered: Triggered = { n, answer: undefined }
    life.triggers.push(triggered)
    const body = {
      recipients: people.map((id) => ({ id, email: `${id}@example.com` })),
      cancelation_key: keyOf(i),
      data: { n, vip, wait: { unit: 'seconds', value: sleep } },
      ...(kind === 'update' && { tenant: name }),
    }
    triggered.answer = await caller.ask<TriggerAnswer>(`${path}/trigger`, body)
  }
  const pause = () => wait(random.between(0, (SLEEP_S + 1) * 1_000))
  await trigger(0)
  if (kind === 'paid' && random.chance(0.5)) {
    await pause()
    life.paid = { answeredAt: undefined }
    const told = await caller.ask('/v1/events', { event: 'paid', data: { n: `${name}-0` } })
    life.paid.answeredAt = told?.answeredAt
  }
  for (let i = 1; i < count; i += 1) {
    await wait(random.between(0, isDigest ? 600 : 2_500))
    await trigger(i)
  }
  const isMovable = kind === 'letter' || kind === 'late'
  if (isMovable && random.chance(0.3)) {
    life.moved = true
    const isLater = random.chance(0.5)
    const body = {
      cancelation_key: name,
      ...(random.chance(0.5) && { recipients: [random.pick(people)] }),
      ...(isLater && { delay_for: { unit: 'seconds', value: random.between(1, 4) } }),
    }
    await caller.ask(`${path}/${isLater ? 'reschedule' : 'send_now'}`, body)
  }
  if (random.chance(0.55)) {
    await pause()
    const named = random.chance(0.5) ? null : random.some(people, 1)
    await cancel(life, random.between(0, count - 1), named, keyOf, random.chance(0.2), caller)
    if (random.chance(0.15)) await cancel(life, 0, null, keyOf, false, caller)
  }
}

async function cancel(
  life: Life,
  i: number,
  named: string[] | null,
  keyOf: (i: number) => string,
  one: boolean,
  caller: ChaosCaller,
): Promise<void> {
  const id = one ? life.triggers[i]?.answer?.body.workflow_run_id : undefined
  const canceled: Canceled = { named, one: id, askedAt: Date.now(), answer: undefined }
  life.cancels.push(canceled)
  const recipients = named === null ? {} : { recipients: named }
  canceled.answer =
    id !== undefined
      ? await caller.ask<Verdict>(`/v1/workflow_runs/${id}/cancel`, recipients)
      : await caller.ask<Verdict>(`/v1/workflows/${life.kind}/cancel`, { cancelation_key: keyOf(i), ...recipients })
}

/** A life as its seed says, before anything was asked. */
export function newLife(name: string, random: Random): Life {
  const kind = random.pick(kinds)
  const letters = ['a', 'b', 'c'].slice(0, kind === 'digest' ? 1 : random.between(1, 3))
  return {
    kind,
    people: letters.map((letter) => `${name}-${letter}`),
    vip: random.chance(0.5),
    sleep: random.between(1, 5),
    triggers: [],
    cancels: [],
    moved: false,
    paid: undefined,
  }
}
