import assert from 'node:assert/strict'
import { DAY, HOUR, timeline } from '../../testing/fixtures/timeline.ts'

timeline(
  'where Temporal’s clock is an hour ahead, nothing is sent before its instant by the store’s',
  [{ delay: DAY }, 'email_1', { delay: DAY }, 'email_2'],
  async (run) => {
    run.store.ahead = -HOUR
    await run.trigger('user_1', 'user_2')
    const counts = await run.closes(2 * DAY + HOUR)
    assert.equal(counts?.sent, 4)
    for (const { at, step } of run.store.handOuts) assert.ok(at >= run.instant(step === 'email_1' ? DAY : 2 * DAY))
    assert.ok(run.store.walked.length <= 6, `handed out ${run.store.walked.length} times`)
  },
)

timeline(
  'where Temporal’s clock is an hour behind, the run wakes by the store’s as soon as it knows it',
  ['in_app_1', { delay: DAY }, 'email_1'],
  async (run) => {
    run.store.ahead = HOUR
    await run.trigger('user_1')
    await run.closes(DAY)
    assert.equal(run.store.handOuts.length, 2)
  },
)

timeline(
  'time that was skipped by hand sends nobody’s reminder early',
  [{ delay: 3 * DAY }, 'email_1'],
  async (run) => {
    await run.trigger(...Array.from({ length: 60 }, (_, i) => `user_${i}`))
    await run.state()
    // The store's clock stood still while Temporal's went on.
    run.store.ahead = -30 * DAY
    await run.at(10 * DAY)
    assert.deepEqual(run.store.handOuts, [])
    assert.ok(run.store.walked.length <= 2, `handed out ${run.store.walked.length} times`)
    const counts = await run.closes(33 * DAY)
    assert.equal(counts?.sent, 60)
  },
)
