import assert from 'node:assert/strict'
import { messageLane } from '../../store/ids/lane.ts'
import { RUN_LANE } from '../../workflows/lane-name.ts'
import type { Caller } from './caller.ts'
import type { ModelRun } from './run.ts'

/** What came back as it was is looked at again no later than this. */
const LOOKED_AT_MS = 30_000

/**
 * With nothing under way, each run wakes whoever sleeps no later than the store has it, or has them beyond its window: no
 * move went by it, nobody was forgotten, and no run has ended with somebody left.
 */
export async function holdAwake(caller: Caller, runs: ReadonlyMap<string, ModelRun>, now: number): Promise<void> {
  const runOf = new Map(caller.triggers.flatMap(({ address, rows }) => rows.map((row) => [row, address.workflowId])))
  for (const row of await caller.account.seen([...runOf.keys()])) {
    const sleeps = row.messages
      .filter(({ status }) => status === 'queued')
      .map(({ channelType, number, leaseUntil, due }) => {
        return { lane: messageLane(channelType, number), due: leaseUntil ?? due }
      })
    if (row.status === 'waiting') sleeps.push({ lane: RUN_LANE, due: row.due })
    const run = runs.get(runOf.get(row.id)!)
    for (const { lane, due } of sleeps) {
      const all = JSON.stringify({ row, lane, now })
      assert.ok(run !== undefined, `no run knows of them: ${all}`)
      const known = run.state.lanes.get(lane)?.asleep.get(row.id)
      if (known === undefined) assert.ok(!run.state.window.holds(due!, lane, row.id), `nobody wakes them: ${all}`)
      else assert.ok(known.due <= Math.max(due!, now + LOOKED_AT_MS), `woken too late, at ${known.due}: ${all}`)
    }
  }
}
