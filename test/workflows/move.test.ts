import assert from 'node:assert/strict'
import { STORE } from '../../testing/fixtures/recording.ts'
import { DAY, HOUR, timeline } from '../../testing/fixtures/timeline.ts'

const REMINDER = [{ delay: 3 * DAY }, 'email_1'] as const

timeline('a move to an earlier instant is kept', REMINDER, async (run) => {
  await run.trigger('user_1', 'user_2')
  await run.at(HOUR)
  await run.move(DAY, 'user_1')
  await run.closes(3 * DAY)
  await run.hasSent(['email_1', 'user_1', DAY], ['email_1', 'user_2', 3 * DAY])
})

timeline('a move to a later instant is kept, and a second one overrules it', REMINDER, async (run) => {
  await run.trigger('user_1')
  await run.at(2 * DAY)
  await run.move(20 * DAY, 'user_1')
  await run.at(10 * DAY)
  await run.hasSent()
  await run.move(12 * DAY, 'user_1')
  await run.closes(12 * DAY)
  await run.hasSent(['email_1', 'user_1', 12 * DAY])
})

timeline('a move to now sends at once', REMINDER, async (run) => {
  await run.trigger('user_1')
  await run.at(DAY)
  await run.move(DAY, 'user_1')
  await run.closes(DAY)
  await run.hasSent(['email_1', 'user_1', DAY])
})

timeline(
  'a move whose signal is lost is heeded all the same: the store refuses and says when',
  REMINDER,
  async (run) => {
    await run.trigger('user_1')
    await run.at(DAY)
    run.store.move(['user_1'], run.instant(5 * DAY))
    await run.at(4 * DAY)
    await run.hasSent()
    assert.deepEqual(
      run.store.handOuts.map(({ outcome }) => outcome),
      ['refused'],
    )
    await run.closes(5 * DAY)
    await run.hasSent(['email_1', 'user_1', 5 * DAY])
  },
)

timeline('of two moves that come in the wrong order the newer holds', REMINDER, async (run) => {
  await run.trigger('user_1')
  const older = run.store.move(['user_1'], run.instant(10 * DAY))
  await run.move(2 * DAY, 'user_1')
  await run.handle.signal('move', { store: STORE, sleepers: older })
  await run.closes(2 * DAY)
  await run.hasSent(['email_1', 'user_1', 2 * DAY])
})

timeline('a move there and back fires once', REMINDER, async (run) => {
  await run.trigger('user_1')
  await run.move(DAY, 'user_1')
  await run.move(3 * DAY, 'user_1')
  await run.closes(3 * DAY)
  await run.hasSent(['email_1', 'user_1', 3 * DAY])
  assert.equal(run.store.handOuts.length, 1)
})

timeline('a cancel after a move ends the sleep', REMINDER, async (run) => {
  await run.trigger('user_1')
  await run.move(9 * DAY, 'user_1')
  await run.at(4 * DAY)
  await run.cancel('user_1')
  await run.closes(4 * DAY)
  assert.deepEqual(run.store.handOuts, [])
})
