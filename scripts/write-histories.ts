/**
 * Records the histories that test/replay holds against the workflow code, each from a real run on a dev server:
 *
 *     npx tsx scripts/write-histories.ts
 *
 * Writes only those that are not there. A history whose shape was released is never recorded again: runs like it may
 * still sleep. A change of the code that breaks its replay goes behind `patched()`, with a new history beside it.
 */
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { existsSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { searchAttributes } from '../temporal/send.ts'
import { RecordingStore } from '../testing/fixtures/recording.ts'
import { clocks } from './histories/clocks.ts'
import { continued } from './histories/continued.ts'
import { ends } from './histories/ends.ts'
import { others } from './histories/others.ts'
import { recipients } from './histories/recipients.ts'
import { timers } from './histories/timers.ts'
import { windows } from './histories/windows.ts'
import type { Shapes } from './histories/shape.ts'
import { LiveRun } from '../testing/product/live-run.ts'
import { devServer } from '../testing/servers/temporal.ts'

const shapes: Shapes = { ...recipients, ...timers, ...windows, ...clocks, ...ends, ...continued, ...others }

for (const [name, { plan, limit = 4_096, story }] of Object.entries(shapes)) {
  const file = fileURLToPath(new URL(`../test/replay/${name}.json`, import.meta.url))
  if (existsSync(file)) continue
  const env = await devServer({
    searchAttributes: Object.values(searchAttributes),
    extraArgs: ['--dynamic-config-value', `limit.historyCount.suggestContinueAsNew=${limit}`],
  })
  const run = new LiveRun(env, new RecordingStore(plan))
  try {
    await run.startWorker()
    const runId = await story(run)
    const handle = run.client.workflow.getHandle(run.address.workflowId, runId)
    const history = JSON.stringify(JSON.parse(historyToJSON(await handle.fetchHistory())))
    // Failures have stacks, which name files of this machine.
    writeFileSync(file, history.replaceAll(fileURLToPath(new URL('..', import.meta.url)), '') + '\n')
    console.log(name)
  } finally {
    await run.stopWorker()
    await env.teardown()
  }
}
