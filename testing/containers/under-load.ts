import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { settled } from './account.ts'
import { Load, type LoadOptions } from './load.ts'
import { Mailbox } from './mailbox.ts'
import { containers, logs, ready, services, type Service } from './stack.ts'

export interface Fault extends Omit<LoadOptions, 'name'> {
  /** Processes that the fault itself ends. No other may have been started again afterwards. */
  ends?: Service[]
  /** A worker was killed, or stalled past its lease: somebody may get a mail again. */
  mayRepeat?: boolean
  /** The mail server was away, or a worker killed: a mail may have been handed over and not answered. */
  mayNotKnow?: boolean
  /** Every call is answered 200 at its first try. */
  unnoticed?: boolean
}

/** Before a fault and after it. */
const QUIET_MS = 3_000
const SHOWN = 5

/**
 * Triggers and cancels while `fault` happens and is mended, then waits until everything has gone out, and holds: nothing
 * is lost, no verdict untrue, nobody was sent to twice, no other answer than 200 and 503, and no process was started again
 * that was not ended by the fault. The figures are told as the test's diagnostics.
 */
export async function underLoad(
  t: TestContext,
  name: string,
  fault: () => Promise<void>,
  options: Fault = {},
): Promise<void> {
  const { ends = [], mayRepeat = false, mayNotKnow = false, unnoticed = false, ...rest } = options
  await ready(rest.url)
  const before = await containers()
  const mailbox = new Mailbox()
  const load = new Load({ name: `${name}-${Date.now().toString(36)}`, ...rest })
  try {
    await wait(QUIET_MS)
    await fault()
    const recovery = await ready(rest.url)
    await wait(QUIET_MS)
    await load.stop()
    const { lives, tries, refused, wrong } = load
    const found = await settled(lives, mailbox)
    const restarted = await startedAgain(before, ends)
    const figures = {
      triggers: lives.length,
      refused,
      answers: Object.fromEntries(tries),
      verdicts: Object.fromEntries(found.verdicts),
      mails: found.mails,
      lost: found.lost.length,
      untrue: found.untrue.length,
      repeated: found.repeated.length,
      attempted: found.attempted.length,
      restarted,
      recoverySeconds: Math.round(recovery / 100) / 10,
    }
    t.diagnostic(`${name}: ${JSON.stringify(figures)}`)
    const few = (all: string[]) => all.slice(0, SHOWN)
    const problems = {
      wrong: few(wrong),
      lost: few(found.lost),
      untrue: few(found.untrue),
      repeated: mayRepeat ? [] : few(found.repeated),
      attempted: mayNotKnow ? [] : few(found.attempted),
      restarted,
      failedCalls: unnoticed ? [...tries.keys()].filter((answer) => answer !== '200') : [],
      refused,
    }
    const none = {
      wrong: [],
      lost: [],
      untrue: [],
      repeated: [],
      attempted: [],
      restarted: [],
      failedCalls: [],
      refused: 0,
    }
    assert.deepEqual(problems, none)
  } catch (error) {
    for (const service of ['api', 'worker'] as const) t.diagnostic(`${service}:\n${await logs(service, 60)}`)
    throw error
  } finally {
    await load.stop()
    await mailbox.close()
  }
}

async function startedAgain(before: Awaited<ReturnType<typeof containers>>, ends: Service[]): Promise<string[]> {
  const startOf = new Map(before.map(({ id, startedAt }) => [id, startedAt]))
  const kept = services.filter((service) => !ends.includes(service))
  const now = kept.length === 0 ? [] : await containers(...kept)
  return now.filter(({ id, startedAt }) => startOf.has(id) && startOf.get(id) !== startedAt).map((each) => each.name)
}
