import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Verdicts } from '../../engine/verdicts.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'

const run = { workflow_run_id: 'w', workflow_recipient_run_id: 'r', outcome: 'canceled', messages: [], in_flight: [] }

/** Of so many recipients with so many runs each. */
function verdict(recipients: number, runs: number, archived = 0): Verdict {
  const none = { sending: 0, already_sent: 0, ended: 0, already_canceled: 0, not_found: 0 }
  return {
    workflow: 'invite',
    cancelation_key: 'key',
    status: recipients > 0 ? 'applied' : 'nothing_pending',
    summary: { canceled: recipients, ...none },
    recipients: Array.from({ length: recipients }, (_, i) => {
      return { id: `user-${i}`, outcome: 'canceled', runs: Array(runs).fill(run) as Verdict['recipients'][0]['runs'] }
    }),
    archived: Array(archived).fill({ id: 'message', seen_at: null, read_at: null }) as Verdict['archived'],
  }
}

/** How much each verdict lists, and whether it says that this is not all. */
function listed(...given: Verdict[]) {
  const verdicts = new Verdicts()
  for (const each of given) verdicts.add(each)
  const answer = verdicts.answer()
  const sum = answer.verdicts.map(({ recipients, archived, truncated = false }) => [
    recipients.length,
    recipients.flatMap(({ runs }) => runs).length,
    archived.length,
    truncated,
  ])
  return { sum, canceled: answer.summary.canceled, status: answer.status, truncated: answer.truncated ?? false }
}

test('what fits is listed whole', () => {
  assert.deepEqual(listed(verdict(2, 2, 3), verdict(0, 0)), {
    sum: [
      [2, 4, 3, false],
      [0, 0, 0, false],
    ],
    canceled: 2,
    status: 'applied',
    truncated: false,
  })
  assert.equal(listed(verdict(5_000, 1, 5_000)).truncated, false)
})

test('recipients, their runs and archived messages are 10,000 in all, over all verdicts; the sums are complete', () => {
  assert.deepEqual(listed(verdict(9_000, 1), verdict(2_000, 1), verdict(1, 1)), {
    sum: [
      [9_000, 9_000, 0, false],
      [1_000, 1_000, 0, true],
      [0, 0, 0, true],
    ],
    canceled: 11_001,
    status: 'applied',
    truncated: true,
  })
  assert.deepEqual(listed(verdict(3, 4_000)).sum, [[3, 10_000, 0, true]])
  assert.deepEqual(listed(verdict(10, 1, 12_000)).sum, [[10, 10, 9_990, true]])
  assert.deepEqual(listed(verdict(10_001, 0)).sum, [[10_000, 0, 0, true]])
})

test('of more than 10,000 verdicts 10,000 are listed', () => {
  const { sum, truncated, status } = listed(...Array.from({ length: 10_001 }, () => verdict(0, 0)))
  assert.deepEqual([sum.length, truncated, status], [10_000, true, 'nothing_pending'])
})
