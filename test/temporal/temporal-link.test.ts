import type { Client } from '@temporalio/client'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { pino } from 'pino'
import { TemporalLink } from '../../temporal/temporal-link.ts'
import { until } from '../../testing/fixtures/until.ts'

/** Answers the probes, of one call for each task queue, when it is told to; nobody polls any queue. */
function heldClient() {
  const probes: (() => void)[] = []
  let calls = 0
  const describeTaskQueue = () =>
    new Promise((resolve) => {
      const answer = probes[Math.floor(calls / 3)]
      probes[Math.floor(calls / 3)] = () => (answer?.(), resolve({ pollers: [] }))
      calls += 1
    })
  const connection = { withDeadline: (_deadline: number, call: () => unknown) => call() }
  const client = { options: { namespace: 'default' }, connection, workflowService: { describeTaskQueue } }
  return { client: client as unknown as Client, probes }
}

test('a link that closes waits for each look under way, also for one before the last', async () => {
  const { client, probes } = heldClient()
  const link = new TemporalLink({ client, taskQueue: 'belay', log: pino({ level: 'silent' }) })
  const started = link.start()
  probes[0]!()
  await started
  await until('it looks again', () => probes.length === 2)
  link.failed(new Error('a call found Temporal away'))
  await until('it looks once more, with the other under way', () => probes.length === 3)
  let closed = false
  const closing = link.close().then(() => (closed = true))
  probes[2]!()
  await setImmediate()
  assert.equal(closed, false)
  probes[1]!()
  await closing
})
