import { ApplicationFailure } from '@temporalio/common'
import assert from 'node:assert/strict'
import { DAY, HOUR, MINUTE, SECOND, timeline } from '../../testing/fixtures/timeline.ts'

const REMINDER = [{ delay: 3 * DAY }, 'email_1'] as const
const refused = ApplicationFailure.nonRetryable('SQLSTATE 22P05', 'StoreRefused')

timeline(
  'a recipient whose activity can never succeed is given up, and everybody else served',
  REMINDER,
  async (run) => {
    const users = Array.from({ length: 40 }, (_, i) => `user_${i}`)
    await run.trigger(...users)
    run.store.poison = { recipient: 'user_7', error: refused }
    const counts = await run.closes(3 * DAY)
    assert.equal(counts?.sent, 39)
    assert.ok(!run.store.handOuts.some(({ recipient }) => recipient === 'user_7'))
  },
)

timeline('a cancel by hand that can never be carried out is dropped, and blocks nobody', REMINDER, async (run) => {
  await run.trigger('user_1')
  run.store.cancelError = refused
  await run.handle.signal('cancel', { recipients: ['user_1'] })
  await run.handle.signal('cancel')
  await run.at(HOUR)
  await run.trigger('user_2')
  assert.equal((await run.state()).pending, 2)
  assert.equal(run.store.takenOut.length, 2)
  await run.closes(3 * DAY + HOUR)
  await run.hasSent(['email_1', 'user_1', 3 * DAY], ['email_1', 'user_2', 3 * DAY + HOUR])
})

timeline('what comes back as it was is handed out ever more seldom, and holds up nobody', ['email_1'], async (run) => {
  run.store.stuck = 'user_1'
  await run.trigger('user_1')
  await run.at(10 * MINUTE)
  await run.state()
  const { length } = run.store.walked
  assert.ok(length >= 10 && length <= 30, `handed out ${length} times in ten minutes`)
  run.store.stuck = undefined
  await run.trigger('user_2')
  await run.closes(10 * MINUTE + 30 * SECOND).catch(() => undefined)
  assert.deepEqual(run.store.handOuts.map(({ recipient, outcome }) => [recipient, outcome]).sort(), [
    ['user_1', 'sent'],
    ['user_2', 'sent'],
  ])
})
