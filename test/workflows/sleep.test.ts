import assert from 'node:assert/strict'
import { DAY, HOUR, MINUTE, SECOND, timeline } from '../../testing/fixtures/timeline.ts'

timeline('a three-day reminder fires once, at +3 d', [{ delay: 3 * DAY }, 'email_1'], async (run) => {
  await run.trigger('user_1')
  await run.at(3 * DAY - MINUTE)
  await run.hasSent()
  assert.equal((await run.state()).nextDue, new Date(run.instant(3 * DAY)).toISOString())
  const counts = await run.closes(3 * DAY)
  await run.hasSent(['email_1', 'user_1', 3 * DAY])
  assert.deepEqual(counts, { sent: 1, canceled: 0, skipped: 0, failed: 0 })
})

timeline(
  'a step without a delay goes out at once, the next one when its delay is over',
  ['in_app_1', { delay: 3 * DAY }, 'email_1'],
  async (run) => {
    await run.trigger('user_1', 'user_2')
    await run.hasSent(['in_app_1', 'user_1', 0], ['in_app_1', 'user_2', 0])
    await run.at(2 * DAY)
    assert.equal((await run.state()).pending, 2)
    const counts = await run.closes(3 * DAY)
    assert.deepEqual(run.store.walked, [2, 2])
    assert.equal(counts?.sent, 4)
  },
)

timeline('a run sleeps 365 days', [{ delay: 365 * DAY }, 'email_1'], async (run) => {
  await run.trigger('user_1')
  await run.at(365 * DAY - MINUTE)
  await run.hasSent()
  await run.closes(365 * DAY)
  await run.hasSent(['email_1', 'user_1', 365 * DAY])
})

timeline(
  'three delays of 365 days follow one another',
  [{ delay: 365 * DAY }, 'email_1', { delay: 365 * DAY }, 'email_2', { delay: 365 * DAY }, 'email_3'],
  async (run) => {
    await run.trigger('user_1')
    await run.closes(3 * 365 * DAY)
    await run.hasSent(
      ['email_1', 'user_1', 365 * DAY],
      ['email_2', 'user_1', 730 * DAY],
      ['email_3', 'user_1', 1095 * DAY],
    )
  },
)

timeline('each recipient sleeps until an instant of their own', ['email_1'], async (run) => {
  const message = await run.accept('user_1', 'user_2', 'user_3')
  run.store.move(['user_1'], run.instant(30 * HOUR))
  run.store.move(['user_2'], run.instant(2 * HOUR))
  run.store.move(['user_3'], run.instant(9 * DAY + 1))
  await run.send({ ...message, sleepers: run.store.sleepers() })
  await run.closes(9 * DAY)
  await run.hasSent(['email_1', 'user_2', 2 * HOUR], ['email_1', 'user_1', 30 * HOUR], ['email_1', 'user_3', 9 * DAY])
})

timeline('a trigger that comes after its instant is sent at once', [{ delay: HOUR }, 'email_1'], async (run) => {
  const message = await run.accept('user_1')
  await run.at(5 * HOUR)
  await run.send(message)
  await run.closes(5 * HOUR)
  await run.hasSent(['email_1', 'user_1', 5 * HOUR])
})

timeline('a channel that fails is tried again after 15 s, 30 s and 60 s', ['email_1'], async (run) => {
  run.store.failures.set('email_1', 3)
  await run.trigger('user_1')
  await run.closes(105 * SECOND)
  assert.deepEqual(
    run.store.handOuts.map(({ outcome }) => outcome),
    ['retry', 'retry', 'retry', 'sent'],
  )
  const waits = run.store.handOuts.slice(1).map(({ at }, i) => at - run.store.handOuts[i]!.at)
  const expected = [15, 30, 60]
  waits.forEach((wait, i) => assert.ok(wait >= expected[i]! * SECOND && wait < (expected[i]! + 10) * SECOND, `${wait}`))
})

timeline('a cancel during a backoff ends the tries', ['email_1', { delay: DAY }, 'email_2'], async (run) => {
  run.store.failures.set('email_1', 100)
  await run.trigger('user_1')
  await run.at(20 * SECOND)
  await run.state()
  assert.equal(run.store.handOuts.length, 2)
  await run.cancel('user_1')
  const counts = await run.closes(20 * SECOND)
  await run.at(DAY)
  assert.equal(run.store.handOuts.length, 2)
  assert.deepEqual(counts, { sent: 0, canceled: 1, skipped: 0, failed: 0 })
})

timeline(
  'a message in backoff holds up nobody else, nor its recipient’s next step',
  ['email_1', { delay: DAY }, 'email_2'],
  async (run) => {
    run.store.failures.set('email_1', 1)
    await run.trigger('user_1', 'user_2')
    await run.at(MINUTE)
    await run.hasSent(['email_1', 'user_2', 0], ['email_1', 'user_1', 15 * SECOND])
    await run.closes(DAY)
    assert.deepEqual(
      run.store.handOuts.slice(3).map(({ step, recipient }) => [step, recipient]),
      [
        ['email_2', 'user_1'],
        ['email_2', 'user_2'],
      ],
    )
  },
)
