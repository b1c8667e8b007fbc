import assert from 'node:assert/strict'
import { searchAttributes } from '../../temporal/send.ts'
import { eventsOf } from '../../testing/fixtures/history.ts'
import { STORE } from '../../testing/fixtures/recording.ts'
import { devServer } from '../../testing/servers/temporal.ts'
import { DAY, HOUR, timeline, type LiveRun } from '../../testing/fixtures/timeline.ts'

/** A real server on which a run is told to continue as new after so many events. */
function after(events: number) {
  const limit = `limit.historyCount.suggestContinueAsNew=${events}`
  return {
    server: () =>
      devServer({
        searchAttributes: Object.values(searchAttributes),
        extraArgs: ['--dynamic-config-value', limit],
      }),
  }
}

function users(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}_${i}`)
}

timeline(
  'a stream of joins continues as new again and again, and everybody gets every step once',
  ['in_app_1', { delay: HOUR }, 'email_1'],
  async (run) => {
    const executions = new Set<string>()
    let users = 0
    // Nobody is through before all have come: a new execution is the old one continued, never a run of its own.
    while (executions.size < 4) {
      users += 1
      executions.add(await run.trigger(`user_${users}`))
    }
    const [first] = executions
    const history = await eventsOf(run.client.workflow.getHandle(run.address.workflowId, first))
    assert.equal(history.at(-1)!.type, 'WORKFLOW_EXECUTION_CONTINUED_AS_NEW')
    await run.state()
    await run.move(0, ...Array.from({ length: users }, (_, i) => `user_${i + 1}`))
    assert.deepEqual(await run.result(), { sent: 2 * users, canceled: 0, skipped: 0, failed: 0 })
    const sent = run.store.handOuts.filter(({ outcome }) => outcome === 'sent')
    assert.equal(new Set(sent.map(({ step, recipient }) => `${step} ${recipient}`)).size, 2 * users)
  },
  after(60),
)

timeline(
  'two callers at once, triggers and cancels among them: nobody is lost, nobody canceled is sent to',
  ['in_app_1', { delay: HOUR }, 'email_1'],
  async (run) => {
    const executions = new Set<string>()
    const kept: string[] = []
    const caller = async (name: string) => {
      for (let i = 0; executions.size < 3; i += 1) {
        const user = `${name}_${i}`
        executions.add(await run.trigger(user))
        if (i % 4 > 0) kept.push(user)
        else await run.cancel(user)
      }
    }
    await Promise.all([caller('a'), caller('b')])
    await run.state()
    await run.move(0, ...kept)
    await run.result()
    const mailed = run.store.handOuts.filter(({ step, outcome }) => step === 'email_1' && outcome === 'sent')
    assert.deepEqual(mailed.map(({ recipient }) => recipient).sort(), kept.sort())
  },
  after(60),
)

timeline(
  'counts are carried, names and revisions read again, and a move and a cancel reach whoever slept before',
  [{ delay: 3 * DAY }, 'email_1'],
  async (run) => {
    const first = await run.trigger('user_1', 'user_2', 'user_3')
    const older = run.store.move(['user_1'], run.instant(9 * DAY))
    await run.move(HOUR, 'user_1')
    let others = 0
    while ((await run.handle.describe()).runId === first) {
      others += 1
      await run.trigger(`other_${others}`)
      await run.cancel(`other_${others}`)
      await run.state()
    }
    const { store: _store, ...view } = await run.state()
    const { typedSearchAttributes } = await run.handle.describe()
    const at = new Date(run.instant(HOUR)).toISOString()
    const counts = { sent: 0, canceled: others, skipped: 0, failed: 0 }
    assert.deepEqual(view, { pending: 3, acting: 0, nextDue: at, ...counts })
    assert.deepEqual(typedSearchAttributes.get(searchAttributes.canceled), others)
    const timers = (await run.events()).filter(({ type }) => type === 'TIMER_STARTED').map(({ summary }) => summary)
    for (const user of ['user_1', 'user_2', 'user_3']) assert.ok(timers.includes(`${user}: email_1`), user)

    await run.handle.signal('move', { store: STORE, sleepers: older })
    assert.equal((await run.state()).nextDue, at, 'an older move is still older')
    await run.cancel('user_1', 'user_2')
    assert.equal((await run.state()).pending, 1)
    await run.move(0, 'user_3')
    assert.deepEqual(await run.result(), { ...counts, sent: 1, canceled: others + 2 })
    await run.hasSent(['email_1', 'user_3', 0])
  },
  after(40),
)

timeline(
  'deliveries under way are awaited before a run continues as new',
  ['email_1', { delay: HOUR }, 'email_2'],
  async (run) => {
    let release = () => {}
    run.store.hold = new Promise((resolve) => (release = resolve))
    const first = await run.trigger('user_1')
    while (run.store.acting.advance === 0) await run.handle.describe()
    for (const user of users('other', 10)) {
      await run.trigger(user)
      await run.cancel(user)
    }
    assert.equal((await run.handle.describe()).runId, first)
    release()
    while ((await run.handle.describe()).runId === first);
    const { pending, sent } = await run.state()
    assert.deepEqual({ pending, sent }, { pending: 1, sent: 1 })
    const ended = await eventsOf(run.client.workflow.getHandle(run.address.workflowId, first))
    assert.equal(ended.at(-1)!.type, 'WORKFLOW_EXECUTION_CONTINUED_AS_NEW')
    await run.cancel()
    assert.equal((await run.result()).canceled, 11)
  },
  after(30),
)

timeline(
  'a trigger that comes with the last task of a run is served, by that run or the next',
  ['in_app_1'],
  async (run) => {
    const caller = async (name: string) => {
      for (const user of users(name, 60)) {
        await run.trigger(user)
        // Now and then the run has time to close. About one trigger in twenty comes with its last task, and undoes it.
        while (Number(user.split('_')[1]) % 3 === 0 && !isServed(run, user)) await run.handle.describe()
      }
    }
    await Promise.all([caller('a'), caller('b')])
    await run.result()
    for (const user of [...users('a', 60), ...users('b', 60)]) assert.ok(isServed(run, user), user)
  },
  after(4_000),
)

function isServed(run: LiveRun, user: string): boolean {
  return run.store.handOuts.some(({ recipient, outcome }) => recipient === user && outcome === 'sent')
}

timeline(
  'whom a run was opened with, and who is through when it continues as new, does not sleep again',
  [{ delay: HOUR }, 'email_1'],
  async (run) => {
    const first = await run.trigger('user_1', 'user_2')
    await run.state()
    await run.move(0, 'user_1')
    let sleeping = 1
    do {
      sleeping += 1
      await run.trigger(`joined_${sleeping}`)
      await run.state()
    } while ((await run.handle.describe()).runId === first)
    const { pending, sent } = await run.state()
    assert.deepEqual({ pending, sent }, { pending: sleeping, sent: 1 })
    await run.hasSent(['email_1', 'user_1', 0])
    await run.cancel()
    await run.result()
  },
  after(20),
)
