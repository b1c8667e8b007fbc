import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { delayStep, feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { until } from '../../testing/fixtures/until.ts'
import { bodies } from '../../testing/product/belay.ts'
import { Operated } from '../../testing/product/operated.ts'
import { temporalCli } from '../../testing/servers/binaries.ts'

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`

test('a payload key that is lost for good: what cannot be read is deleted, and made anew from the database', async (t) => {
  const letter = workflow(feedStep('now'), delayStep('wait', 30, 'days'), feedStep('later'))
  const operated = await Operated.start(t, notificationsFolder({ 'letter/workflow.json': letter }), {
    BELAY_PAYLOAD_KEYS: key('lost'),
  })
  const { belay, env } = operated
  const cli = await temporalCli()
  const temporal = (...args: string[]) =>
    execFileSync(cli, [...args, '--address', env['TEMPORAL_ADDRESS']!], { encoding: 'utf8' })
  const feed = async (user: string) => bodies(await belay.feed(user))

  await belay.trigger('letter', { recipients: ['ada', 'bob', 'carl'], cancelation_key: 'order' })
  await belay.request('POST', '/v1/schedules', {
    workflow: 'letter',
    recipients: ['fred'],
    repeats: [{ frequency: 'monthly', day_of_month: 1, hours: 9 }],
  })
  for (const user of ['ada', 'bob', 'carl'])
    await until(`${user} has the first`, async () => (await feed(user)).length === 1)
  await belay.cancel('letter', { cancelation_key: 'order', recipients: ['bob'] })
  await until('the doctor finds nothing', async () => (await operated.doctor()).code === 0, 120_000)

  await operated.stopBelay()
  env['BELAY_PAYLOAD_KEYS'] = key('new')
  for (const name of ['worker/migrate', 'worker/doctor']) {
    const refused = await operated.command(name)
    assert.notEqual(refused.code, 0)
    assert.match(refused.output, /BELAY_PAYLOAD_KEYS lacks the key lost/)
  }

  // As docs/operations.md has it.
  const running = ['--query', 'ExecutionStatus = "Running"']
  temporal('workflow', 'terminate', ...running, '--reason', 'the key is lost', '--yes')
  await until('none is open', () => temporal('workflow', 'count', ...running).includes('Total: 0'), 120_000)
  const housekeeping = ['--type', 'housekeeping', '--workflow-id', 'belay-housekeeping', '--task-queue', 'belay']
  temporal('workflow', 'start', ...housekeeping)
  const schedules = JSON.parse(temporal('schedule', 'list', '--output', 'json')) as { scheduleId: string }[]
  assert.equal(schedules.length, 1)
  for (const { scheduleId } of schedules) temporal('schedule', 'delete', '--schedule-id', scheduleId)
  const migrated = await operated.command('worker/migrate')
  assert.equal(migrated.code, 0, migrated.output)
  await operated.startBelay()
  const mended = await operated.doctor('--repair')
  assert.equal(mended.code, 0, mended.output)

  const again = await belay.cancel('letter', { cancelation_key: 'order', recipients: ['carl'] })
  assert.equal(again.recipients[0]!.outcome, 'canceled')
  await belay.post('/v1/workflows/letter/send_now', { cancelation_key: 'order' })
  await until('ada has the second', async () => (await feed('ada')).length === 2, 120_000)
  const all = await Promise.all(['ada', 'bob', 'carl'].map(feed))
  assert.deepEqual(all, [['later', 'now'], ['now'], ['now']])
  const left = await operated.doctor()
  assert.equal(left.code, 0, left.output)
})
