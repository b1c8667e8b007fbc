import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '../../store/recipient-runs/settle.ts'
import { keyOfMessageId } from '../../store/ids/message-id.ts'
import { cancels, messageEvents, messages, pendingSignals, recipientRuns, runs } from '../../store/schema/index.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { idsOf } from '../../workflows/messages.ts'
import { eq, inArray } from 'drizzle-orm'
import { onEachStore } from '../../testing/servers/each-store.ts'
import {
  accept,
  cancel,
  claimRow,
  deliver,
  delivered,
  holder,
  rowNow,
  toRetry,
} from '../../testing/fixtures/recipient-runs.ts'
import { invite as version, rowStates, sleeper } from '../../testing/fixtures/row-states.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const other = testVersion('other', ['feed', 'mail'])

let keys = 0
const freshKey = () => `key-${(keys += 1)}`

function only(verdict: Verdict) {
  assert.equal(verdict.recipients.length, 1)
  const [entry] = verdict.recipients
  assert.equal(verdict.summary[entry!.outcome], 1)
  assert.equal(
    Object.values(verdict.summary).reduce((sum, count) => sum + count),
    1,
  )
  assert.equal(verdict.status, entry!.outcome === 'canceled' ? 'applied' : 'nothing_pending')
  return entry!
}
const steps = (verdict: Verdict) =>
  only(verdict).runs.flatMap((run) => run.messages.map((id) => keyOfMessageId(id)!.step))

onEachStore(catalogOf(version, sleeper, other), (store) => {
  for (const [state, expected] of Object.entries(rowStates)) {
    for (const named of [true, false]) {
      test(`a recipient ${state} is ${expected.outcome}, ${named ? 'by name' : 'with everyone'}`, async () => {
        const db = store()
        const key = freshKey()
        const { version: of = version } = expected
        const { rows, workflowRunId } = await accept(db, of, key, ['ada'], expected.accepted)
        await expected.bring(db, rows[0]!, key)
        const recipients = named ? ['ada'] : null
        const { verdict, signal } = await cancel(db, of, key, { recipients })
        const { id, outcome, reason, runs: found } = only(verdict)
        assert.deepEqual([id, outcome, reason], ['ada', expected.outcome, expected.reason])
        assert.deepEqual([found[0]?.workflow_run_id, found[0]?.in_flight], [workflowRunId, expected.inFlight])
        assert.deepEqual(steps(verdict), expected.sent)
        assert.equal((await rowNow(db, rows[0]!)).status, expected.status)
        // Only who slept is to be taken out of the run.
        const slept = expected.status === 'canceled' && expected.outcome === 'canceled'
        assert.deepEqual(signal?.message, slept ? { rows: [[rows[0], rows[0]]], recipients: ['ada'] } : undefined)
        assert.equal(only((await cancel(db, of, key, { recipients })).verdict).outcome, expected.again)
      })
    }
  }

  test('a name that is not under the key is not_found, and an unknown key leaves no trace', async () => {
    const db = store()
    const key = freshKey()
    await accept(db, version, key, ['ada'])
    assert.equal(only((await cancel(db, version, key, { recipients: ['bob'] })).verdict).outcome, 'not_found')
    const unknown = await cancel(db, version, 'never used', { recipients: ['ada'] })
    assert.deepEqual([only(unknown.verdict).outcome, unknown.signal], ['not_found', null])
    const everyone = (await cancel(db, version, 'never used')).verdict
    assert.deepEqual([everyone.status, everyone.recipients], ['nothing_pending', []])
    assert.equal((await db.select().from(runs).where(eq(runs.cancelationKey, 'never used'))).length, 0)
  })

  test('what was claimed when the cancel came finishes, and nothing follows', async () => {
    const db = store()
    const key = freshKey()
    const { rows } = await accept(db, version, key, ['ada'])
    await claimRow(db, version, rows[0]!)
    await cancel(db, version, key)
    const row = await rowNow(db, rows[0]!)
    const settled = await settle(db, [delivered(version, row)], holder(), 0)
    assert.deepEqual(settled.get(row.id), { canceled: true })
    assert.equal((await rowNow(db, row.id)).status, 'canceled')
    assert.equal(await claimRow(db, version, row.id), false)
    await deliver(db, version, row.id)
    const verdict = (await cancel(db, version, key)).verdict
    assert.deepEqual([only(verdict).outcome, steps(verdict)], ['already_canceled', [0]])
  })

  test('a claimed try that fails after the cancel is not tried again, and its message says so', async () => {
    const db = store()
    for (const sent of [0, 2]) {
      const key = freshKey()
      const { rows } = await accept(db, version, key, ['ada'])
      await deliver(db, version, rows[0]!, sent)
      await claimRow(db, version, rows[0]!)
      await cancel(db, version, key)
      const row = await rowNow(db, rows[0]!)
      assert.deepEqual((await settle(db, [toRetry(version, row)], holder(), 0)).get(row.id), { canceled: true })
      assert.equal((await rowNow(db, row.id)).status, 'canceled')
      const [message] = await db
        .select()
        .from(messages)
        .where(eq(messages.recipientRunId, row.id))
        .orderBy(messages.step)
        .offset(sent)
      assert.deepEqual([message?.step, message?.status], [sent, 'undelivered'])
    }
  })

  test('a message in backoff will not be sent, and says why', async () => {
    const db = store()
    const key = freshKey()
    const { rows } = await accept(db, version, key, ['ada'])
    await rowStates['in backoff']!.bring(db, rows[0]!, key)
    await cancel(db, version, key)
    const [message] = await db.select().from(messages).where(eq(messages.recipientRunId, rows[0]!))
    assert.deepEqual([message?.status, message?.reason], ['not_sent', 'canceled before the next try'])
  })

  test('a recipient of several triggers has one entry, with a run for each, and its outcome is the first that applies', async () => {
    const db = store()
    const key = freshKey()
    const through = await accept(db, version, key, ['ada', 'bob'])
    const claimed = await accept(db, version, key, ['ada'])
    const asleep = await accept(db, version, key, ['ada'])
    await deliver(db, version, through.rows[0]!, 3)
    await deliver(db, version, claimed.rows[0]!, 2)
    await claimRow(db, version, claimed.rows[0]!)
    const { recipients, summary } = (await cancel(db, version, key)).verdict
    const ada = recipients.find(({ id }) => id === 'ada')!
    assert.equal(ada.outcome, 'canceled')
    assert.deepEqual(
      ada.runs.map((run) => [run.workflow_run_id, run.outcome, run.messages.length]),
      [
        [through.workflowRunId, 'already_sent', 3],
        [claimed.workflowRunId, 'sending', 2],
        [asleep.workflowRunId, 'canceled', 0],
      ],
    )
    assert.deepEqual([summary.canceled, summary.sending, summary.already_sent], [2, 0, 0])
  })

  test('a cancel of one trigger leaves the others under the key alone', async () => {
    const db = store()
    const key = freshKey()
    const first = await accept(db, version, key, ['ada', 'bob'])
    const second = await accept(db, version, key, ['ada'])
    const { verdict } = await cancel(db, version, key, { workflowRunIds: [first.workflowRunId] })
    assert.equal(verdict.summary.canceled, 2)
    assert.deepEqual(
      (await Promise.all([...first.rows, ...second.rows].map((id) => rowNow(db, id)))).map(({ status }) => status),
      ['canceled', 'canceled', 'waiting'],
    )
  })

  test('a cancel sees what was triggered since the key last had nothing pending', async () => {
    const db = store()
    const key = freshKey()
    const old = await accept(db, version, key, ['ada', 'bob'])
    await deliver(db, version, old.rows[0]!, 3)
    const joined = await accept(db, version, key, ['carl'])
    assert.equal(joined.joined, true)
    await deliver(db, version, old.rows[1]!, 3)
    await deliver(db, version, joined.rows[0]!, 3)
    // The last generation, though nothing of it is pending.
    assert.equal((await cancel(db, version, key)).verdict.summary.already_sent, 3)
    const next = await accept(db, version, key, ['bob'])
    assert.equal(next.joined, false)
    const { verdict } = await cancel(db, version, key)
    assert.deepEqual([verdict.recipients.map(({ id }) => id), verdict.summary.canceled], [['bob'], 1])
    const ada = await cancel(db, version, key, { recipients: ['ada'] })
    assert.equal(only(ada.verdict).outcome, 'not_found')
  })

  test('archive_sent archives the in-app messages of everyone addressed, whatever the outcome, and nobody else’s', async () => {
    const db = store()
    const key = freshKey()
    const { rows } = await accept(db, version, key, ['through', 'asleep', 'not addressed', 'nothing sent'])
    const [through, asleep, notAddressed] = rows as [number, number, number]
    await deliver(db, version, through, 3)
    await deliver(db, version, asleep)
    await deliver(db, version, notAddressed)
    const recipients = ['through', 'asleep', 'nothing sent']
    const { verdict } = await cancel(db, version, key, { recipients, archiveSent: true, now: 1_000 })
    assert.deepEqual(
      verdict.archived.map((id) => keyOfMessageId(id)),
      [
        { recipientRunId: through, step: 0 },
        { recipientRunId: through, step: 1 },
        { recipientRunId: asleep, step: 0 },
      ],
    )
    const stored = await db.select().from(messages).where(inArray(messages.recipientRunId, rows))
    const hidden = stored.filter((message) => message.archivedAt !== null)
    assert.deepEqual(
      hidden.map((message) => [message.archivedAt?.getTime(), message.stepRef]),
      [
        [1_000, 'feed'],
        [1_000, 'feed_again'],
        [1_000, 'feed'],
      ],
    )
    const told = await db.select().from(messageEvents).where(inArray(messageEvents.recipientRunId, rows))
    assert.deepEqual(
      told.map(({ type }) => type),
      ['archived', 'archived', 'archived'],
    )
    // What is archived already is not archived again.
    const again = await cancel(db, version, key, { archiveSent: true })
    assert.deepEqual(
      again.verdict.archived.map((id) => keyOfMessageId(id)),
      [{ recipientRunId: notAddressed, step: 0 }],
    )
  })

  test('each of many odd ids is canceled by itself', async () => {
    const db = store()
    const key = freshKey()
    const odd = [
      ...['ada', 'Ada', ' ada', 'ada ', 'ada,bob', '{ada}', '"ada"', "a'da", 'a\\da', 'a\\\\da', 'NULL', 'null'],
      ...[
        '%',
        '_',
        '$1',
        '\t',
        '\n',
        '💥',
        '\u00e9',
        'e\u0301',
        '\u200b',
        'ß',
        'ss',
        'teams#ada',
        'teams#a#b',
        'Teams#ada',
      ],
      'ı'.repeat(256),
    ]
    const { rows } = await accept(db, version, key, odd)
    for (const [i, recipient] of odd.entries()) {
      const { verdict } = await cancel(db, version, key, { recipients: [recipient] })
      assert.deepEqual([verdict.summary.canceled, verdict.recipients.length], [1, 1], recipient)
      assert.equal((await rowNow(db, rows[i]!)).status, 'canceled', recipient)
      const left = await Promise.all(rows.slice(i + 1).map((id) => rowNow(db, id)))
      assert.ok(left.every(({ status }) => status === 'waiting'))
    }
    const verdict = (await cancel(db, version, key, { recipients: ['teams#a#b'] })).verdict
    assert.deepEqual(only(verdict).id, { collection: 'teams', id: 'a#b' })
  })

  test('keys are told apart byte for byte, and definitions by their keys', async () => {
    const db = store()
    const long = 'k'.repeat(999)
    const alike = [
      ...[
        'invite',
        'Invite',
        'invite ',
        ' invite',
        '\u00e9',
        'e\u0301',
        'ss',
        'ß',
        'I',
        'i',
        'ı',
        'İ',
        '1',
        '01',
        '1.0',
      ],
      ...['a/b', 'a%2Fb', 'a#b', 'a~b', 'a%7Eb', 'a%b', '%', '%25', '\t', '\n', '\u200d', '\u00a0', ' '],
      ...[`${long}a`, `${long}b`, long, `${'ü'.repeat(999)}a`, `${'ü'.repeat(999)}b`, '💥'.repeat(1_000)],
    ]
    const accepted = new Map<string, number>()
    for (const key of alike) accepted.set(key, (await accept(db, version, key, ['ada'])).rows[0]!)
    const elsewhere = await accept(db, other, 'invite', ['ada'])
    for (const key of alike) {
      const { verdict } = await cancel(db, version, key)
      assert.equal(verdict.summary.canceled, 1, key)
      assert.equal((await rowNow(db, accepted.get(key)!)).status, 'canceled', key)
    }
    assert.equal((await rowNow(db, elsewhere.rows[0]!)).status, 'waiting')
  })

  test('of more than 10,000 recipients the verdict lists 10,000 and counts all', async () => {
    const db = store()
    const key = freshKey()
    const half = (prefix: string) => Array.from({ length: 6_000 }, (_, i) => `${prefix}-${i}`)
    const one = await accept(db, version, key, half('one'))
    const two = await accept(db, version, key, half('two'))
    const { verdict, signal } = await cancel(db, version, key)
    assert.equal(verdict.truncated, true)
    assert.equal(verdict.recipients.length, 10_000)
    assert.equal(verdict.summary.canceled, 12_000)
    assert.deepEqual(idsOf(signal!.message.rows), [...one.rows, ...two.rows])
    assert.equal(signal!.message.recipients, undefined)
    const again = (await cancel(db, version, key)).verdict
    assert.deepEqual([again.summary.already_canceled, again.status], [12_000, 'nothing_pending'])
  })

  test('who canceled, when and why is kept once for each cancel that took somebody out', async () => {
    const db = store()
    const key = freshKey()
    const { rows } = await accept(db, version, key, ['ada', 'bob'])
    const given = { apiKey: 'abc', reason: 'answered', now: 5_000 }
    const { signal } = await cancel(db, version, key, given)
    await cancel(db, version, key, given)
    const kept = await db.select().from(recipientRuns).where(inArray(recipientRuns.id, rows))
    assert.equal(new Set(kept.map(({ cancelId }) => cancelId)).size, 1)
    const [by] = await db.select().from(cancels).where(eq(cancels.id, kept[0]!.cancelId!))
    assert.deepEqual([by?.apiKey, by?.reason, by?.createdAt.getTime()], ['abc', 'answered', 5_000])
    const [pending] = await db.select().from(pendingSignals).where(eq(pendingSignals.id, signal!.id))
    assert.deepEqual([pending?.kind, pending?.rows], ['cancel', [[rows[0], rows[1]]]])
  })
})
