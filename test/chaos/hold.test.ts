import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChaosResult } from '../../testing/chaos/chaos.ts'
import { Faults } from '../../testing/chaos/faults.ts'
import { hold } from '../../testing/chaos/hold.ts'
import { Random } from '../../testing/chaos/random.ts'

/** A run of two kills of nobody and a jump, in so much time, of which all else is as it must be. */
async function ranFor(ms: number): Promise<ChaosResult> {
  const system = {
    parts: new Map(),
    url: '',
    clockFile: '/dev/null',
    shiftsStore: false,
    env: {},
    close: async () => {},
  }
  const options = { kills: 2, pauses: 0, pauseMs: 0, jumps: 1, disk: undefined, hurried: 1, say: () => {} }
  const faults = new Faults(system, new Random(1), { ...options, until: performance.now() + ms }, async () => {})
  await faults.run()
  const none = { lost: [], untrue: [], misrecorded: [], early: [], repeatedForNothing: [] }
  const findings = { ...none, triggers: 9, recipients: 9, canceled: 9, messages: 9, repeated: 0 }
  return { findings, faults, failedTries: new Map(), answeredBetween: 9, wrong: [], settledMs: 0, hung: 0 }
}

test('a run of chaos that made all the kills asked for holds', async () => {
  hold(await ranFor(60_000))
})

test('one whose time was up before does not, and says after how many', async () => {
  const result = await ranFor(-1)
  assert.throws(() => hold(result), /the time was up after 0 of 2 kills/)
})

test('one of which nobody was answered between its kills does not', async () => {
  const result = { ...(await ranFor(60_000)), answeredBetween: 0 }
  assert.throws(() => hold(result), /answeredBetween: 0/)
})
