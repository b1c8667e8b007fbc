import assert from 'node:assert/strict'
import type { ChaosResult } from './chaos.ts'

/**
 * Nothing lost, no verdict untrue, a repeat only where promise 4 allows it; and somebody was told and canceled, used while
 * parts were killed, and killed as often as was asked.
 */
export function hold({ findings, faults, wrong, answeredBetween }: ChaosResult): void {
  const { lost, untrue, misrecorded, early, repeatedForNothing } = findings
  const none = { lost: [], untrue: [], misrecorded: [], early: [], repeatedForNothing: [], wrong: [] }
  assert.deepEqual({ lost, untrue, misrecorded, early, repeatedForNothing, wrong }, none)
  assert.equal(faults.cut, undefined)
  // Else nothing was held against anything.
  const { triggers, canceled, messages } = findings
  const seen = { killed: faults.killed.length, triggers, canceled, messages, answeredBetween }
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 0, `${what}: ${count}`)
}

/** The figures on a line each. */
export function told({ findings, faults, failedTries, settledMs, hung }: ChaosResult, seed: number): string[] {
  const by = (what: string) => faults.spells.filter((spell) => spell.what === what)
  const killed = new Map<string, number>()
  for (const name of by('killed').flatMap(({ names }) => names)) killed.set(name, (killed.get(name) ?? 0) + 1)
  const times = faults.recoveries.map(({ ms }) => ms).sort((one, other) => one - other)
  const seconds = (ms = 0) => `${(ms / 1_000).toFixed(1)} s`
  return [
    `seed ${seed}: ${by('killed').length} kills survived ${JSON.stringify(Object.fromEntries(killed))}, ` +
      `${by('stood still').length} times stood still, ${by('clock').length} jumps of the clock, ${by('disk').length} full disks`,
    `${findings.triggers} triggers, ${findings.recipients} recipients, of whom ${findings.canceled} were canceled; ` +
      `${findings.messages} messages, ${hung} mails left hanging`,
    `repeated ${findings.repeated} times where it may be; calls that failed by status ${JSON.stringify(Object.fromEntries(failedTries))}`,
    `a notification went through after ${seconds(times[Math.floor(times.length / 2)])} (median), ${seconds(times.at(-1))} at most; ` +
      `nothing pending ${seconds(settledMs)} after the last`,
  ]
}
