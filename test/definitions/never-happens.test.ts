import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFolder } from '../../definitions/read-catalog.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { feedStep } from '../../testing/fixtures/steps.ts'

const wait = (ref: string, event: object, more: object = {}) => ({
  ref,
  type: 'wait_for_event',
  settings: { event, on_match: 'continue', ...more },
})
const paid = { event_type: 'event', event_key: 'paid' }
const ended = (source_key: string) => ({ event_type: 'workflow', event_key: 'completed', source_key })
const is = (variable: string) => ({ variable, operator: 'equal_to', argument: 'x' })
const match = (...variables: string[]) => ({
  match_conditions: [{ operator: 'and', conditions: variables.map(is) }],
})

/** What is told of a folder at start; its definitions can be used all the same. */
async function told(...steps: object[]): Promise<string[]> {
  const { definitions, warnings = [] } = await readFolder(notificationsFolder({ 'hello/workflow.json': { steps } }))
  assert.equal(definitions.size, 1)
  return warnings.map((line) => line.replace(/^hello\/workflow\.json(:\d+)?, /, ''))
}

test('a match condition on what an event never says is told at start, and one on your own event is not', async () => {
  const lines = await told(
    wait('ends', ended('hello'), match('event.status', 'event.tenant_id', 'event.source.key', 'event.outcome')),
    wait('seen', { event_type: 'message', event_key: 'seen' }, match('event.event_type', 'event.data.id', 'data.id')),
    wait('changed', { event_type: 'recipient', event_key: 'updated' }, match('event.id', 'event.plan')),
    wait('own', paid, match('event.anything', 'event.data.anything')),
    feedStep('after'),
  )
  const [ofRun, ofMessage, ofRecipient, ...rest] = lines
  assert.match(
    ofRun!,
    /^step ends, settings\.match_conditions: reads event\.outcome, which .* workflow .* status, tenant/,
  )
  assert.match(ofMessage!, /^step seen, settings\.match_conditions: reads event\.data, which .* message .* step_ref/)
  assert.match(ofRecipient!, /^step changed, settings\.match_conditions: reads event\.plan, which .* recipient .* id/)
  assert.deepEqual(rest, [])
})

test('a wait for a workflow that the folder does not have is told at start', async () => {
  const lines = await told(
    wait('ends', ended('nobody')),
    wait('seen', { event_type: 'message', event_key: 'seen', source_key: 'no-one' }),
    wait('own', ended('hello')),
    feedStep('after'),
  )
  assert.deepEqual(lines, [
    'step ends, settings.event.source_key: there is no workflow nobody: nothing comes',
    'step seen, settings.event.source_key: there is no workflow no-one: nothing comes',
  ])
})

test('each step that no way leads to is told at start, and a wait that halts either way', async () => {
  const halting = wait('wait_1', paid, { on_match: 'halt' })
  const lines = await told(feedStep('before'), halting, feedStep('after'), feedStep('last'))
  assert.deepEqual(lines, [
    'step wait_1, settings.on_match: is halt, and so is on_timeout (where it is missing, too): nothing is to be waited for',
    'step after: is never reached: wait_1 halts either way',
    'step last: is never reached: no way leads to it',
  ])
  const stop = (name: string, more: object) => ({ name, terminates: true, steps: [feedStep(name)], ...more })
  const branches = [stop('a', { conditions: { all: [is('data.a')] } }), stop('b', {})]
  const either = { ref: 'branch_1', type: 'branch', branches }
  assert.deepEqual(await told(either, feedStep('after')), ['step after: is never reached: no way leads to it'])
})

test('a step that is reached where another is passed over, or in one branch alone, is not told of', async () => {
  const conditions = { all: [is('data.a')] }
  const halting = { ...wait('wait_1', paid, { on_match: 'halt' }), conditions }
  const stop = { name: 'stop', terminates: true, steps: [], conditions }
  const branch = { ref: 'branch_1', type: 'branch', branches: [stop, { name: 'on', steps: [] }] }
  assert.deepEqual(await told(halting, branch, feedStep('after')), [])
})
