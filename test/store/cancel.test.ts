import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyOfMessageId } from '../../store/ids/message-id.ts'
import { cancels, messageEvents, messages, pendingSignals, recipientRuns, runs } from '../../store/schema/index.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { idsOf } from '../../workflows/ranges.ts'
import { and, eq, inArray } from 'drizzle-orm'
import { claimMessages } from '../../store/messages/claims.ts'
import type { Database } from '../../store/postgres/database.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import {
  accept,
  cancel,
  claimMessage,
  endTry,
  messageNow,
  rowNow,
  sent,
  toRetry,
  tryMessage,
  walk,
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
const numbers = (ids: string[]) => ids.map((id) => keyOfMessageId(id)!.number)
const sentIn = (verdict: Verdict) => only(verdict).runs.flatMap((run) => numbers(run.messages))
/** Walks through all of `invite`, and has its mail sent. */
async function serve(db: Database, id: number): Promise<void> {
  await walk(db, version, id, 3)
  await tryMessage(db, id, 2, sent)
}

onEachStore(catalogOf(version, sleeper, other), (store) => {
  for (const [state, expected] of Object.entries(rowStates)) {
    for (const named of [true, false]) {
      test(`a recipient ${state} is ${expected.outcome}, ${named ? 'by name' : 'with everyone'}`, async () => {
        const db = store()
        const key = freshKey()
        const { version: of = version } = expected
        const { rows, workflowRunId } = await accept(db, of, key, ['ada'])
        await expected.bring(db, rows[0]!, key)
        const recipients = named ? ['ada'] : null
        const { verdict, signal } = await cancel(db, of, key, { recipients })
        const { id, outcome, reason, runs: found } = only(verdict)
        assert.deepEqual([id, outcome, reason], ['ada', expected.outcome, expected.reason])
        const [run] = found
        assert.deepEqual([found.length, run!.workflow_run_id], [1, workflowRunId])
        assert.deepEqual(numbers(run!.messages), expected.sent)
        assert.deepEqual(numbers(run!.in_flight), expected.inFlight)
        assert.deepEqual(numbers(run!.taken_back), expected.takenBack)
        assert.equal((await rowNow(db, rows[0]!)).status, expected.status)
        // Only what slept is to be taken out of the run.
        const lanes = [
          ...(expected.status === 'canceled' && expected.outcome === 'canceled' ? ['run'] : []),
          ...[...expected.takenBack, ...(expected.cutShort ?? [])].map((number) => `email/${number}`),
        ]
        const range = [[rows[0], rows[0]]]
        assert.deepEqual(
          signal?.removed.sort((a, b) => (a.lane > b.lane ? -1 : 1)),
          lanes.length === 0 ? undefined : lanes.map((lane) => ({ lane, rows: range })),
        )
        if (signal !== null) assert.deepEqual([signal.recipients, signal.by], [['ada'], 'test'])
        for (const number of expected.takenBack) {
          const { status, due, canceled } = await messageNow(db, rows[0]!, number)
          assert.deepEqual([status, due, canceled], ['not_sent', null, true])
        }
        for (const number of expected.cutShort ?? []) {
          const { status, due, canceled } = await messageNow(db, rows[0]!, number)
          assert.deepEqual([status, due, canceled], ['delivery_attempted', null, true])
        }
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

  test('what was being sent when the cancel came finishes, and nothing follows', async () => {
    const db = store()
    const key = freshKey()
    const { rows } = await accept(db, sleeper, key, ['ada'])
    const [id] = rows as [number]
    await walk(db, sleeper, id)
    await claimMessage(db, id, 0)
    await cancel(db, sleeper, key)
    const settled = await endTry(db, id, 0, sent)
    assert.deepEqual([settled?.status, settled?.canceled], ['sent', true])
    assert.equal((await rowNow(db, id)).status, 'canceled')
    await walk(db, sleeper, id)
    assert.deepEqual([(await rowNow(db, id)).messages, await claimMessage(db, id, 0)], [1, false])
    const verdict = (await cancel(db, sleeper, key)).verdict
    assert.deepEqual([only(verdict).outcome, sentIn(verdict)], ['already_canceled', [0]])
  })

  test('a try that was not taken after the cancel came is not made again, and its message says so', async () => {
    const db = store()
    const key = freshKey()
    const { rows } = await accept(db, version, key, ['ada'])
    const [id] = rows as [number]
    await walk(db, version, id, 3)
    await claimMessage(db, id, 2)
    await cancel(db, version, key)
    const settled = await endTry(db, id, 2, toRetry(9_000))
    assert.deepEqual([settled?.status, settled?.canceled], ['not_sent', true])
    const [message] = await db
      .select()
      .from(messages)
      .where(and(eq(messages.recipientRunId, id), eq(messages.number, 2)))
    assert.deepEqual([message?.status, message?.reason], ['not_sent', 'canceled before the next try'])
  })

  test('a message taken back will not be sent, says why, and is not claimed any more', async () => {
    const db = store()
    const key = freshKey()
    const { rows } = await accept(db, version, key, ['ada'])
    const [id] = rows as [number]
    await rowStates['through, with a message that waits for another try']!.bring(db, id, key)
    const before = await messageNow(db, id, 2)
    await cancel(db, version, key)
    const [message] = await db
      .select()
      .from(messages)
      .where(and(eq(messages.recipientRunId, id), eq(messages.number, 2)))
    assert.deepEqual([message?.status, message?.reason], ['not_sent', 'canceled'])
    const claimed = await claimMessages(db, [before], 'worker-2', { now: before.due!, leaseUntil: before.due! + 1_000 })
    assert.deepEqual(claimed, [])
  })

  test('a recipient of several triggers has one entry, with a run for each, and its outcome is the first that applies', async () => {
    const db = store()
    const key = freshKey()
    const through = await accept(db, version, key, ['ada', 'bob'])
    const claimed = await accept(db, version, key, ['ada'])
    const asleep = await accept(db, version, key, ['ada'])
    await serve(db, through.rows[0]!)
    await walk(db, version, claimed.rows[0]!, 3)
    await claimMessage(db, claimed.rows[0]!, 2)
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
    await serve(db, old.rows[0]!)
    const joined = await accept(db, version, key, ['carl'])
    assert.equal(joined.joined, true)
    await serve(db, old.rows[1]!)
    await serve(db, joined.rows[0]!)
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
    await serve(db, through)
    await walk(db, version, asleep)
    await walk(db, version, notAddressed)
    const recipients = ['through', 'asleep', 'nothing sent']
    const { verdict } = await cancel(db, version, key, { recipients, archiveSent: true, now: 1_000 })
    assert.deepEqual(
      verdict.archived.map(({ id }) => keyOfMessageId(id)),
      [
        { recipientRunId: through, number: 0 },
        { recipientRunId: through, number: 1 },
        { recipientRunId: asleep, number: 0 },
      ],
    )
    const stored = await db
      .select()
      .from(messages)
      .where(inArray(messages.recipientRunId, rows))
      .orderBy(messages.recipientRunId, messages.number)
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
      again.verdict.archived.map(({ id }) => keyOfMessageId(id)),
      [{ recipientRunId: notAddressed, number: 0 }],
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
    assert.deepEqual(idsOf(signal!.removed[0]!.rows), [...one.rows, ...two.rows])
    assert.equal(signal!.recipients, undefined)
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
    assert.deepEqual(
      [pending?.kind, pending?.lanes, pending?.by, pending?.reason],
      ['cancel', [{ lane: 'run', rows: [[rows[0], rows[1]]] }], 'abc', 'answered'],
    )
  })
})
